package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"mirrorgw/dpdk"
)

// downMarks remember, in files, whose link this gateway has taken down. A kernel interface stays down
// when the gateway is killed, and nobody would know why: the next one that has it as a port finds the
// mark and takes it up again. A reboot, which takes interfaces up, removes them with /run.
type downMarks struct{ dir string }

// path is one file a device. For a kernel interface that is the interface, whatever the vdev is
// called this time.
func (m *downMarks) path(device string) string {
	thing := dpdk.VdevName(device)
	if name, ok := dpdk.VdevArg(device, "iface"); ok {
		namespace, _ := os.Readlink("/proc/self/ns/net")
		thing = "interface " + name + " of " + namespace
	}
	sum := sha256.Sum256([]byte(thing))
	return filepath.Join(m.dir, hex.EncodeToString(sum[:8])+".down")
}

func (m *downMarks) has(device string) bool {
	_, err := os.Lstat(m.path(device))
	return err == nil
}

func (m *downMarks) make(device string) error {
	return os.WriteFile(m.path(device), []byte(device+"\n"), 0o644)
}

func (m *downMarks) remove(device string) {
	_ = os.Remove(m.path(device)) // one that stays makes the next gateway take up a link that is up
}
