package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mirrorgw/ctl/config"
)

const (
	minFreeMB   = 256                 // room for a state that grows, and is rewritten when it is compacted
	expiresSoon = 30 * 24 * time.Hour // when to exchange a certificate

	defaultKeys = "/etc/mirrorgw/keys.toml"
	serviceKeys = "/run/credentials/mirrorgw.service/keys.toml"
)

// file is one that the gateway writes.
type file struct {
	section string
	path    string
	needMB  int  // room that it may take
	made    bool // the gateway makes its directory
}

// written are the files that the gateway writes by this configuration.
func written(c *config.Config) (files []file) {
	if c == nil {
		return nil
	}
	if c.State.Path != "" {
		files = append(files, file{"[state]", c.State.Path, minFreeMB, false})
	}
	if c.History.Path != "" {
		files = append(files, file{"[history]", c.History.Path, c.History.MaxMB, false})
	}
	if c.Audit.Path != "" {
		files = append(files, file{"[audit]", c.Audit.Path, c.Audit.MaxMB * (c.Audit.Files + 1), filepath.Dir(c.Audit.Path) == config.LogDirectory})
	}
	for _, socket := range []struct{ section, path string }{{"[ctl]", c.Ctl.Socket}, {"[metrics]", c.Metrics.Socket}} {
		if socket.path != "" {
			files = append(files, file{socket.section, socket.path, 0, filepath.Dir(socket.path) == config.RunDirectory})
		}
	}
	return files
}

func (e *exam) directories() {
	for _, f := range written(e.cfg) {
		dir := filepath.Dir(f.path)
		info, err := os.Stat(e.tree.path(dir))
		if f.made || err == nil && info.IsDir() {
			continue
		}
		e.findf("directory-absent", "make it with \"install -d -m 0755 "+dir+"\"", "%s: the directory %s of %s does not exist", f.section, dir, filepath.Base(f.path))
	}
}

func (e *exam) diskSpace() {
	for _, f := range written(e.cfg) {
		dir := filepath.Dir(f.path)
		free, err := e.Free(e.tree.path(dir))
		if err != nil || f.needMB == 0 {
			continue
		}
		need := max(f.needMB-e.usedMB(f.path), min(f.needMB, minFreeMB))
		if free>>20 < uint64(need) {
			e.findf("disk-space", "make room, or lower what "+f.section+" may take", "%s: %s has %d MiB free, and %s may take %d more", f.section, dir, free>>20, f.path, need)
		}
	}
}

// usedMB is what a file with its rotated ones, or a directory, takes already, MiB.
func (e *exam) usedMB(path string) int {
	var sum int64
	paths, _ := filepath.Glob(e.tree.path(path) + "*")
	for _, p := range paths {
		filepath.WalkDir(p, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if info, err := d.Info(); err == nil {
					sum += info.Size()
				}
			}
			return nil // what cannot be read does not count
		})
	}
	return int(sum >> 20)
}

func (e *exam) state() {
	path := e.cfg.State.Path
	info, err := os.Stat(e.tree.path(path))
	if err != nil {
		return // the first start makes it
	}
	if info.Mode().Perm()&0o007 != 0 {
		e.findf("state-open", "run \"chmod o= "+path+"\"", "[state]: others than its owner and group may read or write %s (mode %04o)", path, info.Mode().Perm())
	}
	pid := e.holder(path)
	for _, other := range e.processes("mirrorgw") {
		if other.pid == pid && other.config() != e.path {
			e.findf("state-in-use", "end that one, or give each gateway a [state] path of its own",
				"[state]: the mirrorgw with the process number %d and the configuration %s has %s open", pid, other.config(), path)
		}
	}
}

// keys looks at those that the service was given (LoadCredential) before the file of the configuration, as the
// gateway does.
func (e *exam) keys() {
	path := e.cfg.AWS.Keys
	if path == defaultKeys && e.exists(serviceKeys) {
		path = serviceKeys
	}
	e.closed("keys", path, 0o077)
}

// closed looks at a secret: that it is there, and who may read it.
func (e *exam) closed(key, path string, others fs.FileMode) {
	info, err := os.Stat(e.tree.path(path))
	switch {
	case err != nil && key == "keys":
		e.findf("keys-absent", "write the access keys there, see docs/configuration.md, and close it with \"chmod 0600\"", "[aws] keys: there is no file %s", path)
	case err == nil && info.Mode().Perm()&others != 0:
		e.findf("keys-open", fmt.Sprintf("run \"chmod 0600 %s\"", path), "[aws] %s: others may read %s (mode %04o), and the gateway refuses it", key, path, info.Mode().Perm())
	}
}

func (e *exam) certificate() {
	a := &e.cfg.AWS
	pair, err := tls.LoadX509KeyPair(e.tree.path(a.TLSCertificate), e.tree.path(a.TLSKey))
	if err == nil && pair.Leaf == nil {
		pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil {
		e.findf("certificate-absent", "give the paths of a certificate and of the key that belongs to it, in PEM", "[aws] tls_certificate, tls_key: %v", err)
		return
	}
	e.closed("tls_key", a.TLSKey, 0o007)
	leaf := pair.Leaf
	switch {
	case e.now.After(leaf.NotAfter) || e.now.Before(leaf.NotBefore):
		e.findf("certificate-expired", "exchange it; the file is read again within seconds", "[aws] tls_certificate: %s is valid from %s to %s", a.TLSCertificate, day(leaf.NotBefore), day(leaf.NotAfter))
	case e.now.Add(expiresSoon).After(leaf.NotAfter):
		e.findf("certificate-expires", "exchange it; the file is read again within seconds", "[aws] tls_certificate: %s is valid until %s only", a.TLSCertificate, day(leaf.NotAfter))
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
