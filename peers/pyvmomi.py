"""The lab's vCenter by pyvmomi, as a user's own script would go about it. Prints one JSON object.

Arguments: host, port, user, password, what to do, and what that takes. Exports are written into the current folder.
"""

import hashlib
import http.client
import json
import ssl
import sys
import time
import traceback

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import IsChildVersion, ManagedObject

host, port, user, password, verb, *rest = sys.argv[1:]


def connect(secret=password):
    return SmartConnect(host=host, port=int(port), user=user, pwd=secret, disableSslCertValidation=True)


def view_of(content, *kinds):
    return content.viewManager.CreateContainerView(content.rootFolder, list(kinds), True)


def machine(content, name):
    view = view_of(content, vim.VirtualMachine)
    try:
        return next(vm for vm in view.view if vm.name == name)
    finally:
        view.Destroy()


def collected(content, kind, paths):
    """Properties of all objects of a kind, page by page, by the property collector."""
    view = view_of(content, kind)
    collector = vmodl.query.PropertyCollector
    way = collector.TraversalSpec(name="inside", type=vim.view.ContainerView, path="view", skip=False)
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[way])],
        propSet=[collector.PropertySpec(type=kind, pathSet=paths)],
    )
    standing = content.propertyCollector
    page = standing.RetrievePropertiesEx([spec], collector.RetrieveOptions(maxObjects=4))
    found = []
    while True:
        found += [{one.name: one.val for one in item.propSet} for item in page.objects]
        if not page.token:
            break
        page = standing.ContinueRetrievePropertiesEx(page.token)
    view.Destroy()
    return found


def refused(call, *arguments):
    try:
        call(*arguments)
    except vmodl.MethodFault as fault:
        return type(fault).__name__.split(".")[-1]
    return None


def look(content):
    """Who is there, each attribute read lazily, and the same by the collector."""
    view = view_of(content, vim.VirtualMachine, vim.HostSystem, vim.Datastore, vim.ResourcePool)
    lazily = {kind: [] for kind in ("VirtualMachine", "HostSystem", "Datastore", "ResourcePool")}
    for one in view.view:
        lazily[one._wsdlName].append(one.name)
    view.Destroy()
    vms = collected(content, vim.VirtualMachine, ["name", "runtime.powerState", "config.hardware.memoryMB"])
    host_system = next(iter(content.rootFolder.childEntity[0].hostFolder.childEntity)).host[0]
    store = content.rootFolder.childEntity[0].datastore[0]
    pool = host_system.parent.resourcePool
    search = store.browser.SearchDatastore_Task("[%s] web-01" % store.name)
    WaitForTask(search)
    files = [one.path for one in search.info.result.file]
    return {
        "api": content.about.apiVersion,
        "wrong password": refused(connect, "wrong"),
        "lazily": lazily,
        "collected": [[vm["name"], vm["runtime.powerState"], vm["config.hardware.memoryMB"]] for vm in vms],
        "host": [host_system.hardware.cpuInfo.numCpuCores, host_system.hardware.memorySize],
        "network": host_system.configManager.networkSystem.networkInfo.vnic[0].spec.ip.ipAddress,
        "pool": [pool.config.cpuAllocation.limit, pool.runtime.memory.maxUsage, pool.summary.name],
        "store": [store.summary.name, files],
        "events": sorted({type(one).__name__ for one in content.eventManager.QueryEvents(vim.event.EventFilterSpec())}),
        "option": content.setting.QueryOptions("VirtualCenter.FQDN")[0].value,
        "licences": [one.name for one in content.licenseManager.licenses],
        "fields": [one.name for one in content.customFieldsManager.field],
        "counters": len(content.perfManager.perfCounter),
    }


def every_attribute(content):
    """Reads every attribute that pyvmomi's own types have of every object, and tells which could not be read."""
    view = view_of(content)
    objects = list(view.view)
    content_objects = [getattr(content, one.name) for one in content._GetPropertyList()]
    objects += [one for one in content_objects if isinstance(one, ManagedObject)]
    for one in list(objects):
        if isinstance(one, vim.HostSystem):
            systems = [getattr(one.configManager, info.name) for info in one.configManager._GetPropertyList()]
            objects += [system for system in systems if isinstance(system, ManagedObject)]
        if isinstance(one, vim.Datastore):
            objects.append(one.browser)
        if isinstance(one, vim.VirtualMachine):
            objects += one.rootSnapshot
    read, failed = 0, []
    for one in objects:
        for info in type(one)._GetPropertyList():
            # What is newer than this vCenter the client does not even ask for.
            if not IsChildVersion(instance._stub.version, info.version):
                continue
            try:
                getattr(one, info.name)
                read += 1
            except Exception as problem:  # Whatever the client makes of it.
                failed.append("%s.%s: %r" % (one._wsdlName, info.name, problem))
    view.Destroy()
    return {"objects": len(objects), "read": read, "failed": failed[:20]}


def download(lease, name):
    """Everything that a lease offers, with a sign of life for each piece. Names of the disks' files."""
    while lease.state == vim.HttpNfcLease.State.initializing:
        time.sleep(0.05)
    if lease.state != vim.HttpNfcLease.State.ready:
        raise lease.error
    names = []
    context = ssl._create_unverified_context()
    for number, device in enumerate(lease.info.deviceUrl):
        # The asterisk stands for the host that the client is connected to.
        address = device.url.replace("*", host).split("/", 3)
        connection = http.client.HTTPSConnection(address[2], context=context, timeout=60)
        connection.request("GET", "/" + address[3])
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        with open("%s-%d" % (name, number), "wb") as file:
            for piece in iter(lambda: answer.read(1 << 20), b""):
                file.write(piece)
                lease.HttpNfcLeaseProgress(50)
        connection.close()
        if device.disk:
            names.append("%s-%d" % (name, number))
    manifest = {one.key: one for one in lease.HttpNfcLeaseGetManifest()}
    checked = [
        manifest[device.key].sha1 == hashlib.sha1(open("%s-%d" % (name, number), "rb").read()).hexdigest()
        for number, device in enumerate(lease.info.deviceUrl)
    ]
    entity = lease.info.entity
    lease.HttpNfcLeaseComplete()
    return {"files": names, "manifest": all(checked), "entity": [entity._wsdlName, entity.name]}


def export_machine(content, name):
    vm = machine(content, name)
    while_on = refused(vm.ExportVm)
    if vm.runtime.powerState == vim.VirtualMachinePowerState.poweredOn:
        WaitForTask(vm.PowerOff())
    return {**download(vm.ExportVm(), "machine"), "while on": while_on}


def take_snapshot(content, name):
    vm = machine(content, name)
    task = vm.CreateSnapshot_Task("by pyvmomi", "a & b <c>", False, True)
    WaitForTask(task)
    return {"snapshot": task.info.result._moId, "tree": [one.name for one in vm.snapshot.rootSnapshotList]}


def export_snapshot(content, name):
    vm = machine(content, name)
    snapshot = vm.snapshot.rootSnapshotList[0].snapshot
    found = download(snapshot.ExportSnapshot(), "snapshot")
    WaitForTask(snapshot.RemoveSnapshot_Task(removeChildren=False))
    return {**found, "left": vm.snapshot and len(vm.snapshot.rootSnapshotList)}


def change(content, name):
    """Advanced settings that read back, and an image that goes while its drive stays."""
    vm = machine(content, name)
    option = vim.option.OptionValue(key="disk.EnableUUID", value="TRUE")
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(extraConfig=[option])))
    drive = next(one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualCdrom))
    before = drive.backing.fileName
    drive.backing = vim.vm.device.VirtualCdrom.RemotePassthroughBackingInfo(deviceName="", exclusive=False)
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=drive)
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[edit])))
    drives = [one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualCdrom)]
    return {
        "settings": {one.key: one.value for one in vm.config.extraConfig}.get("disk.EnableUUID"),
        "image": before,
        "drives": [type(one.backing).__name__.split(".")[-1] for one in drives],
    }


def idle(content, seconds):
    """Nothing is said for so long, and the one connection of the session still serves."""
    [(connection, _)] = instance._stub.pool
    before = connection.sock.getsockname()
    time.sleep(float(seconds))
    session = content.sessionManager.currentSession
    [(connection, _)] = instance._stub.pool
    return {"same connection": connection.sock.getsockname() == before, "user": session.userName}


verbs = {
    "look": look,
    "every-attribute": every_attribute,
    "take-snapshot": take_snapshot,
    "export-machine": export_machine,
    "export-snapshot": export_snapshot,
    "change": change,
    "idle": idle,
}

try:
    instance = connect()
    answer = verbs[verb](instance.RetrieveContent(), *rest)
    Disconnect(instance)
    print(json.dumps(answer))
except Exception:
    traceback.print_exc()
    sys.exit(1)
