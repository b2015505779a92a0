package doctor

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgw/ctl/config"
)

const pciDir = "/sys/bus/pci/devices/"

// userDrivers are kernel drivers that leave a device to user space; with the bifurcated ones, the kernel keeps
// its interface and DPDK works beside it.
var (
	userDrivers       = []string{"vfio-pci", "uio_pci_generic", "igb_uio"}
	bifurcatedDrivers = []string{"mlx4_core", "mlx5_core", "mana"}
)

// pciPorts are the ports that are PCI devices.
func pciPorts(c *config.Config) (ports []*config.Port) {
	if c == nil {
		return nil
	}
	for i := range c.Ports {
		if c.Ports[i].Device.Driver == config.PCI {
			ports = append(ports, &c.Ports[i])
		}
	}
	return ports
}

func (e *exam) cards() {
	for _, port := range pciPorts(e.cfg) {
		e.card(port)
	}
}

func (e *exam) card(port *config.Port) {
	device := port.Device.Name
	if !e.exists(pciDir + device) {
		e.findf("pci-absent", "see \"lspci -D\" for those there are, and [[port]] device", "port %s: there is no PCI device %s", port.Name, device)
		return
	}
	under := append(e.names(pciDir+device, "net/*"), e.names(pciDir+device, "virtio*/net/*")...)
	for _, name := range under {
		if e.defaultRoute(name) {
			e.findf("pci-default-route", "use another card: the host cannot be reached once it is bound",
				"port %s: %s is %s, which the host's default route leaves by", port.Name, device, name)
			return
		}
	}
	driver := e.link(pciDir + device + "/driver")
	bind := "bind it with \"mirrorgw-host bind " + device + "\""
	switch {
	case driver == "":
		e.findf("pci-no-driver", bind, "port %s: %s is bound to no driver", port.Name, device)
	case driver == "vfio-pci":
		e.vfio(port)
	case slices.Contains(userDrivers, driver):
		e.findf("uio-no-protection", "turn the IOMMU on and bind it to vfio-pci if the machine can",
			"port %s: %s is bound to %s, so that no IOMMU keeps it to the gateway's memory", port.Name, device, driver)
	case !slices.Contains(bifurcatedDrivers, driver):
		e.findf("pci-kernel-driver", bind, "port %s: %s belongs to the kernel driver %s", port.Name, device, driver)
	}
}

// vfio looks at the IOMMU group: it can be given to user space only as a whole, bridges aside.
func (e *exam) vfio(port *config.Port) {
	device := port.Device.Name
	group := e.link(pciDir + device + "/iommu_group")
	if group == "" || e.text("/sys/kernel/iommu_groups/"+group+"/name") == "vfio-noiommu" {
		e.findf("vfio-no-iommu", "add intel_iommu=on or amd_iommu=on, with iommu=pt, to the kernel's command line and reboot",
			"port %s: %s is bound to vfio-pci without an IOMMU", port.Name, device)
		return
	}
	for _, other := range e.names("/sys/kernel/iommu_groups/"+group+"/devices", "*") {
		driver := e.link(pciDir + other + "/driver")
		if other == device || driver == "" || driver == "pcieport" || driver == "pci-stub" || slices.Contains(userDrivers, driver) {
			continue
		}
		e.findf("vfio-group", "unbind it, bind it to vfio-pci too, or put the card into another slot",
			"port %s: %s of the same IOMMU group %s belongs to the kernel driver %s", port.Name, other, group, driver)
	}
}

func (e *exam) nodes() {
	for _, port := range pciPorts(e.cfg) {
		node, ok := e.number(pciDir + port.Device.Name + "/numa_node")
		if !ok || node < 0 {
			continue
		}
		var far []int
		for _, cpu := range e.workers() {
			if e.node(cpu) != node {
				far = append(far, cpu)
			}
		}
		if len(far) > 0 {
			e.findf("numa-remote", "name CPUs of that node in [eal] lcores ("+e.text(fmt.Sprintf("%s/node%d/cpulist", nodeDir, node))+")",
				"port %s: %s is on NUMA node %d and the worker's %s is not", port.Name, port.Device.Name, node, format(far))
		}
	}
}

// defaultRoute says whether a default route of IPv4 or IPv6 leaves by an interface.
func (e *exam) defaultRoute(name string) bool {
	for line := range strings.Lines(e.text("/proc/net/route")) {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask
		if f := strings.Fields(line); len(f) > 7 && f[0] == name && f[1] == "00000000" && f[7] == "00000000" {
			return true
		}
	}
	for line := range strings.Lines(e.text("/proc/net/ipv6_route")) {
		// destination, its length, source, its length, next hop, metric, references, use, flags, interface
		f := strings.Fields(line)
		if len(f) > 9 && f[9] == name && f[1] == "00" && strings.Trim(f[0], "0") == "" && strings.Trim(f[4], "0") != "" {
			return true
		}
	}
	return false
}
