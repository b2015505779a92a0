package scripts_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kernel plays the kernel's part in a fake tree: drivers bind and unbind, free hugepages follow their
// number, of which there is memory for 600, and interrupt 27 is the kernel's own to place.
const kernel = `#!/bin/bash
set -eu
root=${0%/kernel}
bind() { # DEVICE: its override decides, else the driver that knows the card
    device=$root/sys/bus/pci/devices/$1
    driver=$(cat "$device/driver_override")
    [[ $driver == "(null)" ]] && driver=ixgbe
    [[ $driver == uio_pci_generic && $1 == *.1 ]] && exit 0 # this one refuses
    ln -s "../../drivers/$driver" "$device/driver"
}
case $1 in
    */driver/unbind) rm "${1%/unbind}" ;;
    */drivers_probe) bind "$2" ;;
    */driver_override) echo "${2:-(null)}" >"$1" ;;
    */nr_hugepages)
        pages=$(($2 < 600 ? $2 : 600)) before=$(cat "$1") free=${1%/*}/free_hugepages
        echo $(($(cat "$free") + pages - before)) >"$free"
        echo $pages >"$1" ;;
    */sriov_numvfs)
        (($2 == 0 || $(cat "$1") == 0)) || exit 1
        rm -rf "$root/vfs" # their settings go with them
        echo "$2" >"$1" ;;
    */irq/27/*) exit 1 ;;
    *) echo "$2" >"$1" ;;
esac
`

// ipCommand knows the addresses of interfaces, and keeps what is set up of virtual functions.
const ipCommand = `#!/bin/bash
set -eu
if [[ "$1 $2" == "link set" ]]; then
    mkdir -p "${0%/bin/ip}/vfs"
    echo "${*:6}" >"${0%/bin/ip}/vfs/$3.$5"
    exit
fi
case $5 in
    busy0) echo "3: busy0    inet 192.0.2.5/24 scope global busy0" ;;
    gone0) exit 1 ;;
esac
`

// fakeHost makes a tree with two cards, one of whose interfaces the host does not need, and returns
// its root.
func fakeHost(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"kernel": kernel, "bin/ip": ipCommand,
		"run/x": "", "var/lib/x": "", "etc/tmpfiles.d/other.conf": "",
		"proc/net/route":                 "Iface Destination Gateway Flags RefCnt Use Metric Mask\ndef0 00000000 010200C0 0003 0 0 0 00000000\n",
		"proc/net/ipv6_route":            "",
		"proc/irq/24/smp_affinity_list":  "0-3",
		"proc/irq/25/smp_affinity_list":  "2",
		"proc/irq/26/smp_affinity_list":  "0-1",
		"proc/irq/27/smp_affinity_list":  "3",
		"sys/devices/system/cpu/online":  "0-3",
		"sys/bus/pci/drivers_probe":      "",
		"sys/class/net/busy0/operstate":  "up",
		"sys/class/net/port0/upper_br0":  "",
		"sys/bus/pci/drivers/ixgbe/x":    "",
		"sys/bus/pci/drivers/vfio-pci/x": "",
	}
	const pool = "sys/devices/system/node/node0/hugepages/hugepages-2048kB/"
	files[pool+"nr_hugepages"], files[pool+"free_hugepages"] = "100", "40"
	files["sys/bus/pci/drivers/uio_pci_generic/x"] = ""
	files["sys/bus/pci/devices/0000:3b:00.0/sriov_numvfs"], files["sys/bus/pci/devices/0000:3b:00.0/sriov_totalvfs"] = "0", "8"
	files["sys/bus/pci/devices/0000:3b:00.3/sriov_numvfs"], files["sys/bus/pci/devices/0000:3b:00.3/sriov_totalvfs"] = "2", "8"
	for i, name := range []string{"free0", "idle0", "def0", "busy0", "port0", "gone0"} {
		device := "sys/bus/pci/devices/0000:3b:00." + string(rune('0'+i))
		files[device+"/driver_override"] = "(null)"
		files[device+"/class"] = "0x020000"
		files[device+"/net/"+name+"/x"] = ""
		if i != 1 {
			files[device+"/iommu_group/x"] = ""
		}
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 6 {
		if err := os.Symlink("../../drivers/ixgbe", filepath.Join(root, "sys/bus/pci/devices/0000:3b:00."+string(rune('0'+i)), "driver")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// snapshot is all that is in a tree, one entry a line.
func snapshot(t *testing.T, root string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		content := d.Type().String()
		switch {
		case d.Type().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(data)
		case d.Type() == fs.ModeSymlink:
			if content, err = os.Readlink(path); err != nil {
				return err
			}
		}
		lines = append(lines, strings.TrimPrefix(path, root)+" "+strings.TrimSpace(content))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// script runs mirrorgw-host on a tree and returns its exit code and all that it printed.
func script(t *testing.T, root, args string, environment ...string) (code int, out string) {
	t.Helper()
	cmd := exec.Command("./mirrorgw-host", strings.Fields(args)...)
	cmd.Env = append([]string{"MGW_SYSROOT=" + root, "PATH=" + root + "/bin:" + os.Getenv("PATH")}, environment...)
	data, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(data)
}

// TestTwiceAndUndone: each action is done once however often it is asked for, --dry-run does nothing, and
// undo leaves the host as it was.
func TestTwiceAndUndone(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string // in the tree afterwards
	}{
		{"hugepages --node 0 --mb 900", []string{"nr_hugepages 510", "free_hugepages 450"}},
		{"hugepages --node 0 --mb 900 --persist", []string{"hugepages.conf w /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages - - - - 450"}},
		{"bind 0000:3b:00.0", []string{"00.0/driver ../../drivers/vfio-pci", "00.0/driver_override vfio-pci"}},
		{"bind free0", []string{"00.0/driver ../../drivers/vfio-pci"}},
		{"bind --driver uio_pci_generic 3b:00.0", []string{"00.0/driver ../../drivers/uio_pci_generic"}},
		{"bind --force def0", []string{"00.2/driver ../../drivers/vfio-pci"}},
		{"irq --workers 2-3", []string{"irq/24/smp_affinity_list 0,1", "irq/25/smp_affinity_list 0,1", "irq/26/smp_affinity_list 0-1", "irq/27/smp_affinity_list 3"}},
		{"sriov --vfs 4 free0", []string{"00.0/sriov_numvfs 4"}},
		{"isolate --workers 2-3", nil},
		{"status", nil},
	} {
		t.Run(c.args, func(t *testing.T) {
			root := fakeHost(t)
			before := snapshot(t, root)
			expect := func(step, args, want string) string {
				t.Helper()
				code, out := script(t, root, args)
				now := snapshot(t, root)
				if code != 0 || want != "" && now != want {
					t.Fatalf("%s: exit code %d, or the tree is not as expected; printed\n%s\ntree\n%s", step, code, out, now)
				}
				return now
			}
			expect("dry run", "--dry-run "+c.args, before)
			once := expect("once", c.args, "")
			for _, want := range c.want {
				if !strings.Contains(once, want) {
					t.Errorf("no %q in\n%s", want, once)
				}
			}
			expect("twice", c.args, once)
			expect("dry undo", "--dry-run undo", once)
			expect("undo", "undo", before)
			expect("undo twice", "undo", before)
		})
	}
}

// TestUndoOfAll: several actions, one after the other and one against the other, are undone at once.
func TestUndoOfAll(t *testing.T) {
	root := fakeHost(t)
	before := snapshot(t, root)
	for _, args := range []string{"bind free0", "hugepages --node 0 --mb 200 --persist", "irq --workers 3", "bind --driver uio_pci_generic 3b:00.0",
		"hugepages --node 0 --mb 400 --persist", "unbind 3b:00.0", "sriov --vfs 4 free0",
		"sriov --vf 3 --mac 02:00:00:00:00:03 --vlan 7 --trust on --spoofchk off free0", "bind 3b:00.0", "irq --workers 2,3"} {
		if code, out := script(t, root, args); code != 0 {
			t.Fatalf("%s: exit code %d: %s", args, code, out)
		}
	}
	if code, out := script(t, root, "status"); code != 0 || !strings.Contains(out, "0000:3b:00.0: driver vfio-pci") || !strings.Contains(out, "undo       7 changes") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if now := snapshot(t, root); !strings.Contains(now, "/vfs/free0.3 mac 02:00:00:00:00:03 vlan 7 trust on spoofchk off") {
		t.Errorf("virtual function 3 is not set up in\n%s", now)
	}
	if code, out := script(t, root, "undo"); code != 0 || snapshot(t, root) != before {
		t.Errorf("exit code %d: %s\n%s", code, out, snapshot(t, root))
	}
}

// TestUnbindGivesBack: without a record the kernel chooses the driver, and undo binds it again.
func TestUnbindGivesBack(t *testing.T) {
	root := fakeHost(t)
	if code, out := script(t, root, "bind free0"); code != 0 {
		t.Fatal(out)
	}
	if err := os.RemoveAll(root + "/run/mirrorgw-host"); err != nil { // as after a reboot
		t.Fatal(err)
	}
	bound := snapshot(t, root)
	code, out := script(t, root, "unbind 3b:00.0")
	if now := snapshot(t, root); code != 0 || !strings.Contains(now, "00.0/driver ../../drivers/ixgbe") {
		t.Errorf("exit code %d: %s\n%s", code, out, now)
	}
	if _, out := script(t, root, "unbind 3b:00.0"); !strings.Contains(out, "is not given to user space") {
		t.Errorf("printed %s", out)
	}
	if code, out := script(t, root, "undo"); code != 0 || snapshot(t, root) != bound {
		t.Errorf("exit code %d: %s\n%s", code, out, snapshot(t, root))
	}
}

// TestRefusals: what the host needs is not taken from it, and what makes no sense is said.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		args, environment string
		code              int
		want              string
	}{
		{"bind def0", "", 1, "0000:3b:00.2 is not bound: the default route leaves by def0"},
		{"bind busy0", "", 1, "busy0 is up and has the address 192.0.2.5/24"},
		{"bind busy0", "SSH_CONNECTION=198.51.100.1 5000 192.0.2.5 22", 1, "this SSH session comes in by busy0"},
		{"bind port0", "", 1, "port0 is part of br0"},
		{"bind gone0", "", 1, "it cannot be found out whether the host needs gone0"},
		{"bind idle0", "", 1, "0000:3b:00.1 has no IOMMU"},
		{"bind --driver uio_pci_generic idle0", "", 1, "could not be bound to uio_pci_generic, and is with ixgbe again"},
		{"bind 0000:3b:01.0", "", 1, "there is no PCI device 0000:3b:01.0"},
		{"bind eth9", "", 1, "eth9 is neither a PCI address nor the kernel interface"},
		{"bind --driver igb free0", "", 2, "--driver is vfio-pci or uio_pci_generic"},
		{"bind", "", 2, "name PCI devices"},
		{"bind --driver", "", 2, "needs a value"},
		{"unbind", "", 2, "name PCI devices"},
		{"hugepages --node 1 --mb 4", "", 1, "name a node and a page size"},
		{"hugepages --node 0", "", 2, "each need a number"},
		{"hugepages --node 0 --mb", "", 2, "a value is missing"},
		{"hugepages --node 0 --mb 4000", "", 1, "the kernel found 600 pages of 2060"},
		{"irq --workers 0-3", "", 1, "workers have all CPUs"},
		{"irq --workers a", "", 2, `"a" is not a list of CPUs`},
		{"sriov --vfs 9 free0", "", 1, "0000:3b:00.0 cannot have 9 virtual functions; it can have 8"},
		{"sriov --vfs 2 idle0", "", 1, "it can have none"},
		{"sriov --vfs 4 busy0", "", 1, "has 2 virtual functions, which somebody may use"},
		{"sriov --vf 0 --trust on busy0", "", 1, "were not made by mirrorgw-host"},
		{"sriov --vf 0 free0", "", 2, "either --vfs N, or --vf I"},
		{"sriov --vfs 2 --trust on free0", "", 2, "either --vfs N, or --vf I"},
		{"sriov --vfs 2", "", 2, "name a card"},
		{"sriov free0 --vf", "", 2, "a value is missing"},
		{"isolate", "", 2, "isolate needs --workers CPUS"},
		{"prepare", "", 2, `there is no command "prepare"`},
		{"", "", 2, "a command is missing"},
	} {
		t.Run(c.args+c.environment, func(t *testing.T) {
			root := fakeHost(t)
			before := snapshot(t, root)
			code, out := script(t, root, c.args, c.environment)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d, want %d with %q; printed %s", code, c.code, c.want, out)
			}
			if undone, out := script(t, root, "undo"); undone != 0 || snapshot(t, root) != before {
				t.Errorf("the tree has changed (exit code %d): %s\n%s", undone, out, snapshot(t, root))
			}
		})
	}
}
