package gateway

import (
	"fmt"
	"os"
	"path/filepath"
)

// checkReport refuses a report path that could not be written at the end, when it would be too
// late: the counters are gone with the process.
func checkReport(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--report %s is a directory: name a file in it", path)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".mirrorgw-report-*")
	if err != nil {
		return fmt.Errorf("--report %s cannot be written (%w): give a path in a directory that exists and is writable", path, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}
