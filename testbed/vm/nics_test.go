package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
)

// model is a network card that QEMU emulates.
type model struct {
	name   string
	device string // QEMU's arguments
	kernel string // driver that the guest's kernel chooses
	jumbo  int    // largest MTU that is tried
}

var models = []model{
	{"e1000", "e1000", "e1000", 9000},
	{"vmxnet3", "vmxnet3", "vmxnet3", 2000}, // QEMU gives longer frames to drivers that say how many buffers one may take, and DPDK's does not
	{"virtio-net", "virtio-net-pci,disable-legacy=on,iommu_platform=on,host_mtu=9000", "virtio-pci", 9000},
}

// rig is a guest with three cards of one model, and our ends of their cables.
type rig struct {
	*machine
	t     *testing.T
	model model
	wire  [2]*cable
	tun   *cable

	atTool [][]byte // copies that came since the gateway started
}

func newRig(t *testing.T, model model) *rig {
	t.Helper()
	images, deb := os.Getenv("MIRRORGW_VM"), os.Getenv("MIRRORGW_DEB")
	if images == "" || deb == "" {
		t.Skip("\"make test-vm\" makes a virtual machine and the package first; MIRRORGW_VM and MIRRORGW_DEB name them")
	}
	dir, err := os.MkdirTemp("", "mirrorgw-vm-")
	if err != nil {
		t.Fatal(err)
	}
	cancel := daemon.OnInterrupt(func() { os.RemoveAll(dir) })
	t.Cleanup(func() { cancel(); os.RemoveAll(dir) })
	r := &rig{t: t, model: model}
	r.wire[0], r.wire[1] = newCable(t, dir, "wire0", nil), newCable(t, dir, "wire1", nil)
	r.tun = newCable(t, dir, "tun0", toolAnswers)
	var cards []string
	for i, c := range []*cable{r.wire[0], r.wire[1], r.tun} {
		cards = append(cards, "-netdev", c.netdev(), "-device",
			fmt.Sprintf("%s,netdev=%s,mac=52:54:00:00:00:%02x,addr=0x1%d,romfile=", model.device, c.name, i+1, i))
	}
	images, err = filepath.Abs(images)
	if err != nil {
		t.Fatal(err)
	}
	r.machine = boot(t, images, deb, dir, cards)
	return r
}

// TestCards takes each model through what an operator does with a new machine.
func TestCards(t *testing.T) {
	for _, model := range models {
		t.Run(model.name, func(t *testing.T) {
			r := newRig(t, model)
			r.install(os.Getenv("MIRRORGW_DEB"))
			r.prepare()
			for _, mtu := range []int{1500, model.jumbo} {
				t.Run(fmt.Sprint("vfio-pci_MTU_", mtu), func(t *testing.T) { r.pass(t, mtu) })
			}
			r.toUIO()
			t.Run("uio_pci_generic", func(t *testing.T) { r.pass(t, 1500) })
			r.undo()
		})
	}
}

// prepare does with the host what docs/host.md and docs/install.md say, and looks at it before and after.
func (r *rig) prepare() {
	r.t.Helper()
	r.write(configPath, gatewayConfig(r.t, 1500))
	r.t.Logf("the host before:\n%s", r.run("mirrorgw-host status"))
	found := r.doctor()
	if n := count(found["fault"], "pci-kernel-driver"); n != len(addresses) {
		r.t.Errorf("doctor finds %d cards with a kernel driver, want %d", n, len(addresses))
	}
	r.t.Log(r.run("mirrorgw-host hugepages --node 0 --mb 400\n" + bindCards + strings.Join(addresses, " ")))
	r.run(networkCards(r.t))
	r.run("udevadm trigger --subsystem-match=vfio && udevadm settle")
	if found = r.doctor(); len(found["fault"]) > 0 {
		r.t.Errorf("doctor still finds faults: %v", found["fault"])
	}
}

// toUIO gives the cards to the driver for machines without an IOMMU, as docs/install.md says.
func (r *rig) toUIO() {
	r.machine.t = r.t
	r.t.Helper()
	r.run("systemctl stop mirrorgw")
	r.t.Log(r.run(bindCards + "--driver uio_pci_generic " + strings.Join(addresses, " ")))
	r.run("cp /usr/share/doc/mirrorgw/examples/uio.conf /etc/systemd/system/mirrorgw.service.d && systemctl daemon-reload")
	if found := r.doctor(); count(found["note"], "uio-no-protection") != len(addresses) || len(found["fault"]) > 0 {
		r.t.Errorf("doctor, with cards at uio_pci_generic: %v", found)
	}
}

// undo takes back what was done to the host, after which it is as it was.
func (r *rig) undo() {
	r.machine.t = r.t
	r.t.Helper()
	r.run("systemctl stop mirrorgw")
	r.t.Log(r.run("mirrorgw-host undo"))
	status := r.run("mirrorgw-host status")
	if n := strings.Count(status, ": driver "+r.model.kernel+", interfaces e"); n != len(addresses) || !strings.Contains(status, "hugepages-2048kB: 0, free 0") || !strings.Contains(status, "undo       0 changes") {
		r.t.Errorf("the host after undo:\n%s", status)
	}
}

func count(names []string, name string) (n int) {
	for _, other := range names {
		if other == name {
			n++
		}
	}
	return n
}
