package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mirrorgw/ctl/problem"
)

// CheckFiles looks at the capture files of the net_pcap ports: what is to be read must be a
// whole pcap or pcapng, what is to be written must have a directory and must not be a file that
// is read. Relative paths are relative to the working directory, as they are for DPDK.
func CheckFiles(c *Config) error {
	var problems problem.List
	for i := range c.Ports {
		p := &c.Ports[i]
		if p.Device.Driver != "net_pcap" {
			continue
		}
		for _, err := range []error{checkRead(p.Device.Arg("rx_pcap")), checkWrite(c, p.Device.Arg("tx_pcap"))} {
			if err != nil {
				problems.Add(problem.Problem{Position: p.src.Position("device"),
					Subject: fmt.Sprintf("port %q", p.Name), Key: "device", Text: err.Error()})
			}
		}
	}
	return problems.Err()
}

func checkRead(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("rx_pcap %s does not exist; give the path of a capture (relative paths start at the working directory)", path)
	case err != nil:
		return unreadable(path, err)
	case info.IsDir():
		return fmt.Errorf("rx_pcap %s is a directory; give the path of a capture in it", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return unreadable(path, err)
	}
	defer file.Close()
	if !info.Mode().IsRegular() {
		return nil // a named pipe: reading ahead would take the frames away
	}
	if err := walkCapture(file); err != nil {
		return fmt.Errorf("rx_pcap %s %w", path, err)
	}
	return nil
}

func unreadable(path string, err error) error {
	return fmt.Errorf("rx_pcap %s cannot be read (%w); make it readable for this user", path, rootCause(err))
}

func checkWrite(c *Config, path string) error {
	if path == "" {
		return nil
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("tx_pcap %s: the directory %s does not exist; create it or write elsewhere", path, dir)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil // it does not exist yet, which is the usual case
	}
	if info.IsDir() {
		return fmt.Errorf("tx_pcap %s is a directory; give the path of a file in it", path)
	}
	for i := range c.Ports {
		read := c.Ports[i].Device.Arg("rx_pcap")
		if other, err := os.Stat(read); read != "" && err == nil && os.SameFile(info, other) {
			return fmt.Errorf("tx_pcap %s is the same file as rx_pcap %s of port %q; write to another file", path, read, c.Ports[i].Name)
		}
	}
	return nil
}
