package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgw/ctl/config"
)

func mustDevice(t *testing.T, text string) config.Device {
	t.Helper()
	d, err := config.ParseDevice(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLockIsExclusive(t *testing.T) {
	dir := t.TempDir()
	first, second := &locks{}, &locks{}
	if err := first.take(dir, "file /tmp/a.pcap"); err != nil {
		t.Fatal(err)
	}
	err := second.take(dir, "file /tmp/a.pcap")
	want := fmt.Sprintf("file /tmp/a.pcap is in use by another mirrorgw (pid %d): stop that one, or configure another", os.Getpid())
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := second.take(dir, "file /tmp/b.pcap"); err != nil {
		t.Errorf("something else: %v", err)
	}
	first.release()
	if err := second.take(dir, "file /tmp/a.pcap"); err != nil {
		t.Errorf("after release: %v", err)
	}
	second.release()
	second.release() // nothing to do
}

func TestLockOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	child, said := holdInChild(t, dir, "interface eth7")
	if said != "<nil>\n" {
		t.Fatalf("the other process: %s", said)
	}
	l := &locks{}
	defer l.release()
	want := fmt.Sprintf("interface eth7 is in use by another mirrorgw (pid %d)", child.Process.Pid)
	if err := l.take(dir, "interface eth7"); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("the other process was not killed")
	}
	if err := l.take(dir, "interface eth7"); err != nil {
		t.Errorf("after the other process was killed: %v", err)
	}
	if _, said := holdInChild(t, dir, "interface eth7"); !strings.Contains(said, fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("another process while we hold it: %s", said)
	}
}

func TestLockDirectoryThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &locks{}
	if err := l.take(file, "device 0000:3b:00.0"); err == nil {
		t.Error("a lock was taken in a file")
	}
	if len(l.files) != 0 {
		t.Errorf("%d files are held", len(l.files))
	}
}

// TestTakeLocksIsAllOrNothing locks the real way, in the directory that the daemon uses.
func TestTakeLocksIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	config := func(files ...string) *config.Config {
		c := &config.Config{}
		for i, file := range files {
			device := mustDevice(t, fmt.Sprintf("net_pcap%d,tx_pcap=%s", i, filepath.Join(dir, file)))
			c.Ports = append(c.Ports, portOf(fmt.Sprintf("wire%d", i), device))
		}
		return c
	}
	held, err := takeLocks(config("a.pcap", "b.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	removeLockFiles(t, held)
	if _, err := takeLocks(config("c.pcap", "b.pcap")); err == nil || !strings.HasPrefix(err.Error(), "port wire1: file ") {
		t.Errorf("%v, want that port wire1 is refused", err)
	}
	again, err := takeLocks(config("c.pcap"))
	if err != nil {
		t.Fatalf("the refused gateway kept c.pcap: %v", err)
	}
	removeLockFiles(t, again)
	again.release()
	held.release()
	all, err := takeLocks(config("a.pcap", "b.pcap", "c.pcap"))
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	all.release()
}

func portOf(name string, device config.Device) config.Port {
	return config.Port{Name: name, Device: device}
}

// removeLockFiles leaves no files of the test's own in the directory that gateways share.
func removeLockFiles(t *testing.T, l *locks) {
	t.Helper()
	for _, file := range l.files {
		name := file.Name()
		t.Cleanup(func() { _ = os.Remove(name) }) // two of them may be one
	}
}

func TestExclusive(t *testing.T) {
	dir := realPath(t, t.TempDir())
	for _, c := range []struct {
		device string
		want   []string
	}{
		{"net_pcap0,rx_pcap=" + dir + "/in.pcap", nil}, // reading disturbs nobody
		{"net_pcap0,rx_pcap=" + dir + "/in.pcap,tx_pcap=" + dir + "/out.pcap", []string{"file " + dir + "/out.pcap"}},
		{"net_pcap0,rx_iface=eth0,tx_iface=eth1", []string{"interface eth0", "interface eth1"}},
		{"net_af_packet0,iface=eth0", []string{"interface eth0"}},
		{"net_memif0,role=server,socket=" + dir + "/memif.sock", []string{"socket " + dir + "/memif.sock id  role server"}},
		{"3B:00.0", []string{"device 0000:3b:00.0"}},
		{"0000:3b:00.0", []string{"device 0000:3b:00.0"}},
		{"net_null0", nil},
		{"net_ring0", nil},
	} {
		t.Run(c.device, func(t *testing.T) {
			device := mustDevice(t, c.device)
			if got := exclusive(&device); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func realPath(t *testing.T, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

// TestCanonical: however a file is written, it has one name, whether it exists or not.
func TestCanonical(t *testing.T) {
	dir := realPath(t, t.TempDir())
	t.Chdir(dir)
	for _, err := range []error{
		os.Mkdir("real", 0o755), os.WriteFile("real/there.pcap", nil, 0o600),
		os.Symlink("real", "link"), os.Symlink("real/there.pcap", "link.pcap"), os.Symlink("link.pcap", "chain.pcap"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ path, want string }{
		{"real/there.pcap", "/real/there.pcap"},
		{dir + "/real/../real//there.pcap", "/real/there.pcap"},
		{"link/there.pcap", "/real/there.pcap"},
		{"link.pcap", "/real/there.pcap"},
		{"chain.pcap", "/real/there.pcap"},
		{"real/absent.pcap", "/real/absent.pcap"},
		{"link/absent.pcap", "/real/absent.pcap"},
		{"nowhere/absent.pcap", "/nowhere/absent.pcap"},
	} {
		if got := canonical(c.path); got != dir+c.want {
			t.Errorf("%s: %s, want %s", c.path, got, dir+c.want)
		}
	}
}
