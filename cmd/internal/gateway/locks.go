package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"mirrorgw/ctl/config"
)

// locks keep a second gateway away from the files and devices of this one. The kernel drops them
// with the process, however it ends.
type locks struct {
	files []*os.File
}

// lockDir is where lock files live. One that a killed gateway left means nothing: the lock counts.
// Gateways of one host see each other's only in one place, so whoever can write there uses it.
func lockDir() string {
	if os.Getuid() == 0 || unix.Access(config.RunDirectory, unix.W_OK|unix.X_OK) == nil {
		return config.RunDirectory
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("mirrorgw-%d", os.Getuid()))
}

// takeLocks locks everything that only one gateway can use.
func takeLocks(cfg *config.Config) (*locks, error) {
	dir := lockDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock directory %s cannot be made: %w; make it writable for this user", dir, err)
	}
	l := &locks{}
	if cfg.Ctl.Socket != "" {
		if err := l.take(dir, "socket "+canonical(cfg.Ctl.Socket)); err != nil {
			l.release()
			return nil, fmt.Errorf("[ctl]: %w", err)
		}
	}
	holders := map[string]string{} // thing -> port
	for i := range cfg.Ports {
		for _, thing := range exclusive(&cfg.Ports[i].Device) {
			if other, taken := holders[thing]; taken {
				l.release()
				return nil, fmt.Errorf("port %s: %s is port %s's already: give each port its own", cfg.Ports[i].Name, thing, other)
			}
			holders[thing] = cfg.Ports[i].Name
			if err := l.take(dir, thing); err != nil {
				l.release()
				return nil, fmt.Errorf("port %s: %w", cfg.Ports[i].Name, err)
			}
		}
	}
	return l, nil
}

// exclusive names what a device must have for itself: files it writes, kernel interfaces, PCI
// functions. Reading a capture disturbs nobody.
func exclusive(d *config.Device) (things []string) {
	if d.Driver == config.PCI {
		return []string{"device " + d.Name}
	}
	if path := d.Arg("tx_pcap"); path != "" {
		things = append(things, "file "+canonical(path))
	}
	if path := d.Arg("socket"); path != "" { // memif: one socket serves several ids, at both ends
		things = append(things, fmt.Sprintf("socket %s id %s role %s", canonical(path), d.Arg("id"), d.Arg("role")))
	}
	for _, key := range []string{"iface", "rx_iface", "rx_iface_in", "tx_iface"} {
		thing := "interface " + d.Arg(key)
		if d.Has(key) && !slices.Contains(things, thing) { // one for both directions is usual
			things = append(things, thing)
		}
	}
	return things
}

// canonical is one name for one file, also if it does not exist yet, and if links lead to it.
func canonical(path string) string {
	for range 16 { // links, one after the other; more are a loop, which the driver will refuse
		absolute, err := filepath.Abs(path)
		if err != nil {
			return path
		}
		if dir, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil {
			absolute = filepath.Join(dir, filepath.Base(absolute))
		}
		next, err := os.Readlink(absolute)
		if err != nil {
			return absolute
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(absolute), next)
		}
		path = next
	}
	return path
}

// take locks a thing by a file of its own. A file that its last holder removed between our open
// and our lock is nobody's any more: then once again.
func (l *locks) take(dir, thing string) error {
	sum := sha256.Sum256([]byte(thing))
	path := filepath.Join(dir, hex.EncodeToString(sum[:8])+".lock")
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
		if err != nil {
			return err
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			defer file.Close()
			holder, _ := io.ReadAll(io.LimitReader(file, 256))
			return fmt.Errorf("%s is in use by another mirrorgw (%s): stop that one, or configure another", thing, strings.TrimSpace(string(holder)))
		}
		if !sameFile(file, path) {
			file.Close()
			continue
		}
		l.files = append(l.files, file)
		if err := file.Truncate(0); err != nil {
			return err
		}
		_, err = fmt.Fprintf(file, "pid %d\n", os.Getpid())
		return err
	}
}

// sameFile reports whether an open file is still the one at path.
func sameFile(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(open, there)
}

// release removes the lock files and lets go of them.
func (l *locks) release() {
	for _, file := range l.files {
		os.Remove(file.Name())
		file.Close()
	}
	l.files = nil
}
