// The fields of the types that this vCenter shows, as the vSphere API 8.0.2 has them (Web Services API reference), in the order
// of its schema: what tells a property that is unset from one that does not exist.

/** Fields of every ManagedEntity. */
const entity =
  'value availableField parent customValue overallStatus configStatus configIssue effectiveRole permission name disabledMethod recentTask declaredAlarmState triggeredAlarmState alarmActionsEnabled tag';

/** A type and its fields; indented lines go on with the line above. */
const table = `
AboutInfo: name fullName vendor version patchLevel build localeVersion localeBuild osType productLineId apiType apiVersion
  instanceUuid licenseProductName licenseProductVersion
AuthorizationManager: privilegeList roleList description
AuthorizationPrivilege: privId onParent name privGroupName
AuthorizationRole: roleId system name info privilege
Capability: provisioningSupported multiHostSupported userShellAccessSupported supportedEVCMode supportedEVCGraphicsMode
  networkBackupAndRestoreSupported ftDrsWithoutEvcSupported hciWorkflowSupported computePolicyVersion
  clusterPlacementSupported lifecycleManagementSupported hostSeedingSupported scalableSharesSupported hadcsSupported
  configMgmtSupported
ChoiceOption: valueIsReadonly choiceInfo defaultIndex
ClusterComputeResource: ...entity resourcePool host datastore network summary environmentBrowser configurationEx
  lifecycleManaged configManagerEnabled configuration recommendation drsRecommendation summaryEx hciConfig
  migrationHistory actionHistory drsFault
ClusterComputeResourceSummary: totalCpu totalMemory numCpuCores numCpuThreads effectiveCpu effectiveMemory numHosts
  numEffectiveHosts overallStatus currentFailoverLevel admissionControlInfo numVmotions targetBalance currentBalance
  drsScore numVmsPerDrsScoreBucket usageSummary currentEVCModeKey currentEVCGraphicsModeKey dasData
  clusterMaintenanceModeStatus vcsHealthStatus vcsSlots
ClusterConfigInfoEx: vmSwapPlacement spbmEnabled defaultHardwareVersionKey maximumHardwareVersionKey systemVMsConfig
  dasConfig dasVmConfig drsConfig drsVmConfig rule orchestration vmOrchestration dpmConfigInfo dpmHostConfig
  vsanConfigInfo vsanHostConfig group infraUpdateHaConfig proactiveDrsConfig cryptoConfig
ClusterDasConfigInfo: enabled vmMonitoring hostMonitoring vmComponentProtecting failoverLevel admissionControlPolicy
  admissionControlEnabled defaultVmSettings option heartbeatDatastore hBDatastoreCandidatePolicy
ClusterDrsConfigInfo: enabled enableVmBehaviorOverrides defaultVmBehavior vmotionRate scaleDescendantsShares option
ComputeResourceEventArgument: name computeResource
ContainerView: view container type recursive
CustomFieldDef: key name type managedObjectType fieldDefPrivileges fieldInstancePrivileges
CustomFieldStringValue: key value
CustomFieldsManager: field
Datacenter: ...entity vmFolder hostFolder datastoreFolder networkFolder datastore network configuration
DatacenterEventArgument: name datacenter
Datastore: ...entity info summary host vm browser capability iormConfiguration
DatastoreHostMount: key mountInfo
DatastoreInfo: name url freeSpace maxFileSize maxVirtualDiskCapacity maxMemoryFileSize timestamp containerId aliasOf
DatastoreSummary: datastore name url capacity freeSpace uncommitted accessible multipleHostAccess type maintenanceMode
Description: label summary
ElementDescription: label summary key
EventHistoryCollector: filter latestPage
EventManager: description latestEvent maxCollector
FileInfo: path friendlyName fileSize modification owner
Folder: ...entity childType childEntity namespace
FolderFileInfo: path friendlyName fileSize modification owner
GuestDiskInfo: diskPath capacity freeSpace filesystemType mappings
GuestInfo: toolsStatus toolsVersionStatus toolsVersionStatus2 toolsRunningStatus toolsVersion toolsInstallType guestId
  guestFamily guestFullName guestDetailedData hostName ipAddress net ipStack disk screen guestState appHeartbeatStatus
  guestKernelCrashed appState guestOperationsReady interactiveGuestOperationsReady guestStateChangeSupported
  generationInfo hwVersion customizationInfo
GuestNicInfo: network ipAddress macAddress connected deviceConfigId dnsConfig ipConfig netBIOSConfig
HostBIOSInfo: biosVersion releaseDate vendor majorRelease minorRelease firmwareMajorRelease firmwareMinorRelease
  firmwareType
HostConfigInfo: host product deploymentInfo hyperThread consoleReservation virtualMachineReservation storageDevice
  multipathState fileSystemVolume systemFile network vmotion virtualNicManagerInfo capabilities datastoreCapabilities
  offloadCapabilities service firewall autoStart activeDiagnosticPartition option optionDef datastorePrincipal
  localSwapDatastore systemSwapConfiguration systemResources dateTimeInfo flags adminDisabled lockdownMode ipmi
  sslThumbprintInfo sslThumbprintData certificate pciPassthruInfo authenticationManagerInfo featureVersion
  powerSystemCapability powerSystemInfo cacheConfigurationInfo wakeOnLanCapable featureCapability maskedFeatureCapability
  vFlashConfigInfo vsanHostConfig domainList scriptCheckSum hostConfigCheckSum descriptionTreeCheckSum graphicsInfo
  sharedPassthruGpuTypes graphicsConfig sharedGpuCapabilities ioFilterInfo sriovDevicePool assignableHardwareBinding
  assignableHardwareConfig
HostConfigManager: cpuScheduler datastoreSystem memoryManager storageSystem networkSystem vmotionSystem virtualNicManager
  serviceSystem firewallSystem advancedOption diagnosticSystem autoStartManager snmpSystem dateTimeSystem patchManager
  imageConfigManager bootDeviceSystem firmwareSystem healthStatusSystem pciPassthruSystem licenseManager
  kernelModuleSystem authenticationManager powerSystem cacheConfigurationManager esxAgentHostManager iscsiManager
  vFlashManager vsanSystem messageBusProxy userDirectory accountManager hostAccessManager graphicsManager
  vsanInternalSystem certificateManager cryptoManager nvdimmSystem assignableHardwareManager
HostConfigSummary: name port sslThumbprint product vmotionEnabled faultToleranceEnabled featureVersion agentVmDatastore
  agentVmNetwork
HostCpuInfo: numCpuPackages numCpuCores numCpuThreads hz
HostCpuPackage: index vendor hz busHz description threadId cpuFeature
HostDatastoreBrowser: datastore supportedType
HostDatastoreSystem: datastore capabilities
HostDateTimeInfo: timeZone systemClockProtocol ntpConfig ptpConfig enabled disableEvents disableFallback inFallbackState
  serviceSync lastSyncTime remoteNtpServer ntpRunTime ptpRunTime ntpDuration ptpDuration
HostDateTimeSystem: dateTimeInfo
HostDateTimeSystemTimeZone: key name description gmtOffset
HostDiskDimensionsLba: blockSize block
HostDnsConfig: dhcp virtualNicDevice ipv6VirtualNicDevice hostName domainName address searchDomain
HostEventArgument: name host
HostHardwareInfo: systemInfo cpuPowerManagementInfo cpuInfo cpuPkg memorySize numaInfo smcPresent pciDevice dvxClasses
  cpuFeature biosInfo reliableMemoryInfo persistentMemoryInfo sgxInfo sevInfo memoryTieringType memoryTierInfo
HostHardwareSummary: vendor model uuid otherIdentifyingInfo memorySize cpuModel cpuMhz numCpuPkgs numCpuCores
  numCpuThreads numNics numHBAs
HostIpConfig: dhcp ipAddress subnetMask ipV6Config
HostListSummary: host hardware runtime config quickStats overallStatus rebootRequired customValue managementServerIp
  maxEVCModeKey currentEVCModeKey currentEVCGraphicsModeKey gateway tpmAttestation trustAuthorityAttestationInfos
HostListSummaryQuickStats: overallCpuUsage overallMemoryUsage distributedCpuFairness distributedMemoryFairness
  availablePMemCapacity uptime
HostMountInfo: path accessMode mounted accessible inaccessibleReason vmknicName vmknicActive mountFailedReason
  numTcpConnections
HostNetworkInfo: vswitch proxySwitch portgroup pnic rdmaDevice vnic consoleVnic dnsConfig ipRouteConfig
  consoleIpRouteConfig routeTableInfo dhcp nat ipV6Enabled atBootIpV6Enabled netStackInstance opaqueSwitch opaqueNetwork
  nsxTransportNodeId nvdsToVdsMigrationRequired migrationStatus
HostNetworkPolicy: security nicTeaming offloadPolicy shapingPolicy
HostNetworkSecurityPolicy: allowPromiscuous macChanges forgedTransmits
HostNetworkSystem: value availableField capabilities networkInfo offloadCapabilities networkConfig dnsConfig ipRouteConfig
  consoleIpRouteConfig
HostNetworkTrafficShapingPolicy: enabled averageBandwidth peakBandwidth burstSize
HostNicTeamingPolicy: policy reversePolicy notifySwitches rollingOrder failureCriteria nicOrder
HostPortGroup: key port vswitch computedPolicy spec
HostPortGroupSpec: name vlanId vswitchName policy
HostRuntimeInfo: connectionState powerState standbyMode inMaintenanceMode inQuarantineMode bootTime healthSystemRuntime
  dasHostState tpmPcrValues vsanRuntimeInfo networkRuntimeInfo vFlashResourceRuntimeInfo hostMaxVirtualDiskCapacity
  cryptoState cryptoKeyId statelessNvdsMigrationReady stateEncryption
HostScsiDisk: deviceName deviceType key uuid descriptor canonicalName displayName lunType vendor model revision scsiLevel
  serialNumber durableName alternateName standardInquiry queueDepth operationalState capabilities vStorageSupport
  protocolEndpoint perenniallyReserved clusteredVmdkSupported applicationProtocol dispersedNs capacity devicePath ssd
  localDisk physicalLocation emulatedDIXDIFEnabled vsanDiskInfo scsiDiskType
HostService: key label required uninstallable running ruleset policy sourcePackage
HostServiceInfo: service
HostServiceSystem: value availableField serviceInfo
HostStorageDeviceInfo: hostBusAdapter scsiLun scsiTopology nvmeTopology multipathInfo plugStoreTopology
  softwareInternetScsiEnabled
HostStorageSystem: value availableField storageDeviceInfo fileSystemVolumeInfo systemFile multipathStateInfo
HostSystem: ...entity runtime summary hardware capability licensableResource remediationState precheckRemediationResult
  remediationResult complianceCheckState complianceCheckResult configManager config vm datastore network datastoreBrowser
  systemResources answerFileValidationState answerFileValidationResult
HostSystemInfo: vendor model uuid otherIdentifyingInfo serialNumber qualifiedName vvolHostNQN vvolHostId
HostVirtualNic: device key portgroup spec port
HostVirtualNicSpec: ip mac distributedVirtualPort portgroup mtu tsoEnabled netStackInstanceKey opaqueNetwork externalId
  pinnedPnic ipRouteSpec systemOwned dpuId
HostVirtualSwitch: name key numPorts numPortsAvailable mtu portgroup pnic spec
HostVirtualSwitchSpec: numPorts bridge policy mtu
HttpNfcLease: initializeProgress transferProgress mode capabilities info state error
HttpNfcLeaseCapabilities: pullModeSupported corsSupported
HttpNfcLeaseDeviceUrl: key importKey url sslThumbprint disk targetId datastoreKey fileSize
HttpNfcLeaseInfo: lease entity deviceUrl totalDiskCapacityInKB leaseTimeout hostMap
IsoImageFileInfo: path friendlyName fileSize modification owner
LicenseManager: source sourceAvailable diagnostics featureInfo licensedEdition licenses licenseAssignmentManager
  evaluation
LicenseManagerEvaluationInfo: properties
LicenseManagerLicenseInfo: licenseKey editionKey name total used costUnit properties labels
ListView: view
LocalizedMethodFault: fault localizedMessage
Network: ...entity summary host vm
NetworkSummary: network name accessible ipPoolName ipPoolId
OptionManager: supportedOption setting
OptionValue: key value
OvfManager: ovfImportOption ovfExportOption
ParaVirtualSCSIController: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
  busNumber device hotAddRemove sharedBus scsiCtlrUnitNumber
PerfCounterInfo: key nameInfo groupInfo unitInfo rollupType statsType level perDeviceLevel associatedCounterId
PerfInterval: key samplingPeriod name length level enabled
PerformanceManager: description historicalInterval perfCounter
PhysicalNic: key device pci driver driverVersion firmwareVersion linkSpeed validLinkSpecification spec wakeOnLanSupported
  mac fcoeConfiguration vmDirectPathGen2Supported vmDirectPathGen2SupportedMode resourcePoolSchedulerAllowed
  resourcePoolSchedulerDisallowedReason autoNegotiateSupported enhancedNetworkingStackSupported ensInterruptSupported
  rdmaDevice dpuId
PhysicalNicLinkInfo: speedMb duplex
PropertyCollector: filter
PropertyFilter: spec partialUpdates
ResourceAllocationInfo: reservation expandableReservation limit shares overheadLimit
ResourceConfigSpec: entity changeVersion lastModified cpuAllocation memoryAllocation scaleDescendantsShares
ResourcePool: ...entity summary runtime owner resourcePool vm config namespace childConfiguration
ResourcePoolQuickStats: overallCpuUsage overallCpuDemand guestMemoryUsage hostMemoryUsage distributedCpuEntitlement
  distributedMemoryEntitlement staticCpuEntitlement staticMemoryEntitlement privateMemory sharedMemory swappedMemory
  balloonedMemory overheadMemory consumedOverheadMemory compressedMemory
ResourcePoolResourceUsage: reservationUsed reservationUsedForVm unreservedForPool unreservedForVm overallUsage maxUsage
ResourcePoolRuntimeInfo: memory cpu overallStatus sharesScalable
ResourcePoolSummary: name config runtime quickStats configuredMemoryMB
SearchIndex:
ServiceContent: rootFolder propertyCollector viewManager about setting userDirectory sessionManager authorizationManager
  serviceManager perfManager scheduledTaskManager alarmManager eventManager taskManager extensionManager
  customizationSpecManager guestCustomizationManager customFieldsManager accountManager diagnosticManager licenseManager
  searchIndex fileManager datastoreNamespaceManager virtualDiskManager virtualizationManager snmpSystem
  vmProvisioningChecker vmCompatibilityChecker ovfManager ipPoolManager dvSwitchManager hostProfileManager
  clusterProfileManager complianceManager localizationManager storageResourceManager guestOperationsManager
  overheadMemoryManager certificateManager ioFilterManager vStorageObjectManager hostSpecManager cryptoManager
  healthUpdateManager failoverClusterConfigurator failoverClusterManager tenantManager siteInfoManager storageQueryManager
ServiceInstance: serverClock capability content
SessionManager: sessionList currentSession message messageLocaleList supportedLocaleList defaultLocale
SharesInfo: shares level
Task: value availableField info
TaskEvent: key chainId createdTime userName datacenter computeResource host vm ds net dvs fullFormattedMessage changeTag
  info
TaskInfo: key task description name descriptionId entity entityName locked state cancelled cancelable error result
  progress progressDetails reason queueTime startTime completeTime eventChainId changeTag parentTaskKey rootTaskKey
  activationId
TaskManager: recentTask description maxCollector
TaskReasonUser: userName
ToolsConfigInfo: toolsVersion toolsInstallType afterPowerOn afterResume beforeGuestStandby beforeGuestShutdown
  beforeGuestReboot toolsUpgradePolicy pendingCustomization customizationKeyId syncTimeWithHostAllowed syncTimeWithHost
  lastInstallInfo
UserLoginSessionEvent: key chainId createdTime userName datacenter computeResource host vm ds net dvs fullFormattedMessage
  changeTag ipAddress userAgent locale sessionId
UserLogoutSessionEvent: key chainId createdTime userName datacenter computeResource host vm ds net dvs
  fullFormattedMessage changeTag ipAddress userAgent callCount sessionId loginTime
UserSession: key userName fullName loginTime lastActiveTime locale messageLocale extensionSession ipAddress userAgent
  callCount
ViewManager: viewList
VirtualAHCIController: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
  busNumber device
VirtualApp: ...entity summary runtime owner resourcePool vm config namespace childConfiguration parentFolder datastore
  network vAppConfig parentVApp childLink
VirtualCdrom: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
VirtualCdromAtapiBackingInfo: deviceName useAutoDetect
VirtualCdromIsoBackingInfo: fileName datastore backingObjectId
VirtualCdromRemoteAtapiBackingInfo: deviceName useAutoDetect
VirtualCdromRemotePassthroughBackingInfo: deviceName useAutoDetect exclusive
VirtualDeviceConnectInfo: migrateConnect startConnected allowGuestControl connected status
VirtualDisk: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo capacityInKB
  capacityInBytes shares storageIOAllocation diskObjectId vFlashCacheConfigInfo iofilter vDiskId vDiskVersion
  nativeUnmanagedLinkedClone independentFilters guestReadOnly
VirtualDiskFlatVer2BackingInfo: fileName datastore backingObjectId diskMode split writeThrough thinProvisioned
  eagerlyScrub uuid contentId changeId parent deltaDiskFormat digestEnabled deltaGrainSize deltaDiskFormatVariant sharing
  keyId
VirtualDiskLocalPMemBackingInfo: fileName datastore backingObjectId diskMode uuid volumeUUID contentId
VirtualE1000e: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo addressType
  macAddress wakeOnLanEnabled resourceAllocation externalId uptCompatibilityEnabled
VirtualEthernetCardNetworkBackingInfo: deviceName useAutoDetect network inPassthroughMode
VirtualHardware: numCPU numCoresPerSocket autoCoresPerSocket memoryMB virtualICH7MPresent virtualSMCPresent device
  motherboardLayout simultaneousThreads
VirtualIDEController: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
  busNumber device
VirtualLsiLogicSASController: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode
  deviceGroupInfo busNumber device hotAddRemove sharedBus scsiCtlrUnitNumber
VirtualMachine: ...entity capability config layout layoutEx storage environmentBrowser resourcePool parentVApp
  resourceConfig runtime guest summary datastore network snapshot rootSnapshot guestHeartbeatStatus
VirtualMachineBootOptions: bootDelay enterBIOSSetup efiSecureBootEnabled bootRetryEnabled bootRetryDelay bootOrder
  networkBootProtocol
VirtualMachineCapability: snapshotOperationsSupported multipleSnapshotsSupported snapshotConfigSupported
  poweredOffSnapshotsSupported memorySnapshotsSupported revertToSnapshotSupported quiescedSnapshotsSupported
  disableSnapshotsSupported lockSnapshotsSupported consolePreferencesSupported cpuFeatureMaskSupported
  s1AcpiManagementSupported settingScreenResolutionSupported toolsAutoUpdateSupported vmNpivWwnSupported
  npivWwnOnNonRdmVmSupported vmNpivWwnDisableSupported vmNpivWwnUpdateSupported swapPlacementSupported
  toolsSyncTimeSupported virtualMmuUsageSupported diskSharesSupported bootOptionsSupported bootRetryOptionsSupported
  settingVideoRamSizeSupported settingDisplayTopologySupported recordReplaySupported changeTrackingSupported
  multipleCoresPerSocketSupported hostBasedReplicationSupported guestAutoLockSupported memoryReservationLockSupported
  featureRequirementSupported poweredOnMonitorTypeChangeSupported seSparseDiskSupported nestedHVSupported vPMCSupported
  secureBootSupported perVmEvcSupported virtualMmuUsageIgnored virtualExecUsageIgnored
  diskOnlySnapshotOnSuspendedVMSupported suspendToMemorySupported toolsSyncTimeAllowSupported sevSupported
  pmemFailoverSupported requireSgxAttestationSupported changeModeDisksSupported vendorDeviceGroupSupported
VirtualMachineConfigInfo: changeVersion modified name guestFullName version uuid createDate instanceUuid
  npivNodeWorldWideName npivPortWorldWideName npivWorldWideNameType npivDesiredNodeWwns npivDesiredPortWwns
  npivTemporaryDisabled npivOnNonRdmDisks locationId template guestId alternateGuestName annotation files tools flags
  consolePreferences defaultPowerOps rebootPowerOff hardware vcpuConfig cpuAllocation memoryAllocation latencySensitivity
  memoryHotAddEnabled cpuHotAddEnabled cpuHotRemoveEnabled hotPlugMemoryLimit hotPlugMemoryIncrementSize cpuAffinity
  memoryAffinity networkShaper extraConfig cpuFeatureMask datastoreUrl swapPlacement bootOptions ftInfo repConfig
  vAppConfig vAssertsEnabled changeTrackingEnabled firmware maxMksConnections guestAutoLockEnabled managedBy
  memoryReservationLockedToMax initialOverhead nestedHVEnabled vPMCEnabled scheduledHardwareUpgradeInfo forkConfigInfo
  vFlashCacheReservation vmxConfigChecksum messageBusTunnelEnabled vmStorageObjectId swapStorageObjectId keyId
  guestIntegrityInfo migrateEncryption sgxInfo contentLibItemInfo ftEncryptionMode guestMonitoringModeInfo sevEnabled
  numaInfo pmemFailoverEnabled vmxStatsCollectionEnabled vmOpNotificationToAppEnabled vmOpNotificationTimeout deviceSwap
  pmem deviceGroups fixedPassthruHotPlugEnabled
VirtualMachineConfigSummary: name template vmPathName memorySizeMB cpuReservation memoryReservation numCpu
  numEthernetCards numVirtualDisks uuid instanceUuid guestId guestFullName annotation product installBootRequired ftInfo
  managedBy tpmPresent numVmiopBackings hwVersion
VirtualMachineFileInfo: vmPathName snapshotDirectory suspendDirectory logDirectory ftMetadataDirectory
VirtualMachineFileLayoutEx: file disk snapshot timestamp
VirtualMachineFileLayoutExDiskLayout: key chain
VirtualMachineFileLayoutExDiskUnit: fileKey
VirtualMachineFileLayoutExFileInfo: key name type size uniqueSize backingObjectId accessible
VirtualMachineFlagInfo: disableAcceleration enableLogging useToe runWithDebugInfo monitorType htSharing snapshotDisabled
  snapshotLocked diskUuidEnabled virtualMmuUsage virtualExecUsage snapshotPowerOffBehavior recordReplayEnabled
  faultToleranceType cbrcCacheEnabled vvtdEnabled vbsEnabled
VirtualMachineGuestSummary: guestId guestFullName toolsStatus toolsVersionStatus toolsVersionStatus2 toolsRunningStatus
  hostName ipAddress hwVersion
VirtualMachineQuestionInfo: id text choice message
VirtualMachineQuickStats: overallCpuUsage overallCpuDemand overallCpuReadiness guestMemoryUsage hostMemoryUsage
  guestHeartbeatStatus distributedCpuEntitlement distributedMemoryEntitlement staticCpuEntitlement staticMemoryEntitlement
  grantedMemory privateMemory sharedMemory swappedMemory balloonedMemory consumedOverheadMemory ftLogBandwidth
  ftSecondaryLatency ftLatencyStatus compressedMemory uptimeSeconds ssdSwappedMemory activeMemory memoryTierStats
VirtualMachineRuntimeInfo: device host connectionState powerState vmFailoverInProgress faultToleranceState dasVmProtection
  toolsInstallerMounted suspendTime bootTime suspendInterval question memoryOverhead maxCpuUsage maxMemoryUsage
  numMksConnections recordReplayState cleanPowerOff needSecondaryReason onlineStandby minRequiredEVCModeKey
  consolidationNeeded offlineFeatureRequirement featureRequirement featureMask vFlashCacheAllocation paused
  snapshotInBackground quiescedForkParent instantCloneFrozen cryptoState suspendedToMemory opNotificationTimeout
  iommuActive
VirtualMachineSnapshot: value availableField config childSnapshot vm
VirtualMachineSnapshotInfo: currentSnapshot rootSnapshotList
VirtualMachineSnapshotTree: snapshot vm name description id createTime state quiesced backupManifest childSnapshotList
  replaySupported
VirtualMachineStorageInfo: perDatastoreUsage timestamp
VirtualMachineStorageSummary: committed uncommitted unshared timestamp
VirtualMachineSummary: vm runtime guest config storage quickStats overallStatus customValue
VirtualMachineUsageOnDatastore: datastore committed uncommitted unshared
VirtualNVDIMM: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo capacityInMB
  configuredCapacityInMB
VirtualNVDIMMBackingInfo: fileName datastore backingObjectId parent changeId
VirtualNVMEController: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
  busNumber device sharedBus
VirtualPCIController: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
  busNumber device
VirtualPCIPassthrough: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
VirtualPCIPassthroughDeviceBackingInfo: deviceName useAutoDetect id deviceId systemId vendorId
VirtualPCIPassthroughDynamicBackingInfo: deviceName useAutoDetect allowedDevice customLabel assignedId
VirtualPCIPassthroughVmiopBackingInfo: vgpu vgpuMigrateDataSizeMB migrateSupported enhancedMigrateCapability
VirtualSriovEthernetCard: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo
  addressType macAddress wakeOnLanEnabled resourceAllocation externalId uptCompatibilityEnabled allowGuestOSMtuChange
  sriovBacking dvxBackingInfo
VirtualVmxnet3: key deviceInfo backing connectable slotInfo controllerKey unitNumber numaNode deviceGroupInfo addressType
  macAddress wakeOnLanEnabled resourceAllocation externalId uptCompatibilityEnabled uptv2Enabled
VmConfigFileInfo: path friendlyName fileSize modification owner configVersion encryption
VmDiskFileInfo: path friendlyName fileSize modification owner diskType capacityKb hardwareVersion controllerType
  diskExtents thin encryption
VmEventArgument: name vm
VmNvramFileInfo: path friendlyName fileSize modification owner
VmPoweredOffEvent: key chainId createdTime userName datacenter computeResource host vm ds net dvs fullFormattedMessage
  changeTag template
VmPoweredOnEvent: key chainId createdTime userName datacenter computeResource host vm ds net dvs fullFormattedMessage
  changeTag template
VmSuspendedEvent: key chainId createdTime userName datacenter computeResource host vm ds net dvs fullFormattedMessage
  changeTag template
`;

const fields = new Map(
  table
    .replaceAll('...entity', entity)
    .replace(/\n +/g, ' ')
    .trim()
    .split('\n')
    .map((line) => {
      const [type = '', names = ''] = line.split(': ');
      return [type, names.split(' ')] as const;
    }),
);

/** Whether a data object or managed object of this type has such a field, set or not. */
export function hasField(type: string, name: string): boolean {
  return fields.get(type)?.includes(name) ?? false;
}

/** All fields of a type in the schema's order; undefined for types that are not here. */
export function fieldsOf(type: string): readonly string[] | undefined {
  return fields.get(type);
}
