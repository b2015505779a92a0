package door

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"mirrorgw/ctl/filewatch"
)

// lookEvery is how often at most a handshake looks whether the certificate's files have changed.
const lookEvery = 2 * time.Second

// Certificate is what the door identifies itself with. It is read again when its files change, and
// by Reload; files that are no good leave the one before in use.
type Certificate struct {
	section          string // of gateway.toml, that errors name
	certificate, key string // paths, PEM
	log              *slog.Logger
	files            *filewatch.Files
	current          atomic.Pointer[tls.Certificate]
}

// LoadCertificate reads a certificate with its chain, and its private key, both PEM. The key's file
// must be closed to others than its owner and group. section is what errors name, such as "aws".
func LoadCertificate(section, certificate, key string, log *slog.Logger) (*Certificate, error) {
	return LoadCertificateEvery(section, certificate, key, log, lookEvery)
}

// LoadCertificateEvery is LoadCertificate that looks at most every so often whether the files have changed.
func LoadCertificateEvery(section, certificate, key string, log *slog.Logger, every time.Duration) (*Certificate, error) {
	c := &Certificate{section: section, certificate: certificate, key: key, log: log, files: filewatch.New(every, certificate, key)}
	return c, c.Reload()
}

// Reload reads the files. After an error the certificate before stays in use.
func (c *Certificate) Reload() error {
	pair, err := c.read()
	if err == nil {
		c.current.Store(pair)
	}
	return err
}

// Prepare reads the files and changes nothing; use has the certificate that was read used from then on, unless
// the files were read again meanwhile: what is used then is younger.
func (c *Certificate) Prepare() (use func(), err error) {
	before := c.current.Load()
	pair, err := c.read()
	if err != nil {
		return nil, err
	}
	return func() { c.current.CompareAndSwap(before, pair) }, nil
}

func (c *Certificate) read() (*tls.Certificate, error) {
	info, err := os.Stat(c.key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("[%s]: the private key %s does not exist; set tls_key to the file that belongs to tls_certificate", c.section, c.key)
	case err != nil:
		return nil, fmt.Errorf("[%s]: the private key cannot be looked at (%w); make it readable for this user", c.section, err)
	case info.Mode().Perm()&0o007 != 0:
		return nil, fmt.Errorf("[%s]: the private key %s has mode %04o, which every user of this machine can use; give it mode 0600", c.section, c.key, info.Mode().Perm())
	}
	pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return nil, fmt.Errorf("[%s]: the certificate %s and the private key %s cannot be used (%w); both must be PEM and belong together", c.section, c.certificate, c.key, err)
	}
	return &pair, nil
}

// Config is what handshakes go by. HTTP/2 is not offered: no client of these doors needs it.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if c.files.Changed() {
			c.reloadChanged()
		}
		return c.current.Load(), nil
	}}
}

func (c *Certificate) reloadChanged() {
	if err := c.Reload(); err != nil {
		c.log.Error("the new certificate is not used, the one before stays", "error", err)
		return
	}
	c.log.Info("the certificate has changed and is in use", "file", c.certificate)
}
