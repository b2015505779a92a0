package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"mirrorgw/ctl/problem"
)

// CheckFiles looks at what the devices of the ports name on this machine. Of net_pcap, what is to
// be read must be a whole pcap or pcapng without frames that net_pcap cannot take, what is to be
// written must have a directory and must not be a file that is read; relative paths are relative
// to the working directory, as they are for DPDK. Kernel interfaces of net_af_packet and
// net_af_xdp must exist, in the network namespace of this process.
func CheckFiles(c *Config) error {
	var problems problem.List
	for i := range c.Ports {
		p := &c.Ports[i]
		for _, err := range checkDeviceFiles(c, &p.Device) {
			if err != nil {
				problems.Add(problem.Problem{Position: p.src.Position("device"),
					Subject: fmt.Sprintf("port %q", p.Name), Key: "device", Text: err.Error()})
			}
		}
	}
	return problems.Err()
}

func checkDeviceFiles(c *Config, d *Device) []error {
	switch d.Driver {
	case "net_pcap":
		return []error{checkRead(d.Arg("rx_pcap")), checkWrite(c, d.Arg("tx_pcap"))}
	case "net_af_packet", "net_af_xdp":
		return []error{checkInterface(d.Arg("iface"))}
	}
	return nil
}

func checkInterface(name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return fmt.Errorf(`device: there is no kernel interface %q; see "ip link" for those there are`, name)
	}
	return nil
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
	if _, err := walkCapture(path, file); err != nil {
		return fmt.Errorf("rx_pcap %s %w", path, err)
	}
	return nil
}

// CountFrames returns how many frames libpcap, and so net_pcap, reads from a capture file. Its
// errors are sentences that begin with the path.
func CountFrames(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("%s cannot be read (%w); make it readable for this user", path, rootCause(err))
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file, so its frames cannot be counted; give a capture file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("%s cannot be read (%w); make it readable for this user", path, rootCause(err))
	}
	defer file.Close()
	frames, err := walkCapture(path, file)
	if err != nil {
		return 0, fmt.Errorf("%s %w", path, err)
	}
	return frames, nil
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
