// vcsim: VMware's vCenter simulator. All of it is in govmomi; this sets the size of the inventory, listens with TLS and prints
// one line with the address: "export GOVC_URL=https://user:pass@127.0.0.1:PORT/sdk".
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi/simulator"

	_ "github.com/vmware/govmomi/pbm/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

func main() {
	model := simulator.VPX()
	listen := flag.String("l", "127.0.0.1:0", "address to listen on")
	user := flag.String("username", "user", "login")
	password := flag.String("password", "pass", "password")
	esx := flag.Bool("esx", false, "simulate a single ESXi host")
	flag.IntVar(&model.Datacenter, "dc", model.Datacenter, "datacenters")
	flag.IntVar(&model.Cluster, "cluster", model.Cluster, "clusters per datacenter")
	flag.IntVar(&model.ClusterHost, "host", model.ClusterHost, "hosts per cluster")
	flag.IntVar(&model.Host, "standalone-host", model.Host, "hosts per datacenter outside of clusters")
	flag.IntVar(&model.Pool, "pool", model.Pool, "resource pools per cluster")
	flag.IntVar(&model.Datastore, "ds", model.Datastore, "datastores")
	flag.IntVar(&model.Machine, "vm", model.Machine, "virtual machines per resource pool")
	flag.IntVar(&model.Folder, "folder", model.Folder, "datacenters that stand in folders, with all that is in them")
	flag.IntVar(&model.App, "app", model.App, "vApps per cluster")
	flag.IntVar(&model.Pod, "pod", model.Pod, "clusters of datastores per datacenter")
	autostart := flag.Bool("autostart", model.Autostart, "power the machines on")
	flag.Parse()
	if *esx {
		machine := model.Machine
		model = simulator.ESX()
		model.Machine = machine
	}
	model.Autostart = *autostart

	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()
	model.Service.TLS = new(tls.Config)
	model.Service.RegisterEndpoints = true
	model.Service.Listen = &url.URL{User: url.UserPassword(*user, *password), Host: *listen}
	server := model.Service.NewServer()
	defer server.Close()
	fmt.Printf("export GOVC_URL=%s GOVC_INSECURE=true\n", server.URL)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
