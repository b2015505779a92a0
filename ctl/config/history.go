package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// Defaults and bounds of [history].
const (
	DefaultHistoryPath = "/var/lib/mirrorgw/history"
	DefaultHistoryDays = 15
	DefaultHistoryMB   = 1024

	maxHistoryDays = 400
	minHistoryMB   = 16
	maxHistoryMB   = 1 << 20
)

// History is the [history] section: where counters are kept by the minute. Without the section all of
// it is zero and nothing is kept.
type History struct {
	Path  string // a directory
	Days  int    // how long
	MaxMB int    // of all files, MiB

	src *tomldoc.Table
}

func readHistory(root *tomldoc.Table) History {
	present := root.Has("history")
	t := root.Table("history")
	defer t.Done()
	h := History{src: t}
	h.Path = readPath(t, "path", DefaultHistoryPath)
	h.Days = t.IntOr("days", DefaultHistoryDays, 1, maxHistoryDays)
	h.MaxMB = t.IntOr("max_mb", DefaultHistoryMB, minHistoryMB, maxHistoryMB)
	if !present {
		return History{}
	}
	return h
}

// CheckHistory looks at where [history] keeps its files: a directory that can be written, or one that
// can be made in one that can.
func CheckHistory(c *Config) error {
	var problems problem.List
	if c.History.Path != "" {
		addProblem(&problems, c.History.src, "[history]", "path", checkHistoryDirectory(c.History.Path))
	}
	return problems.Err()
}

func checkHistoryDirectory(path string) error {
	what := "path " + path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return checkDirectory(what, filepath.Dir(path))
	}
	return checkDirectory(what, path)
}

// String is what the plan says of the history.
func (h History) String() string {
	if h.Path == "" {
		return "none"
	}
	return fmt.Sprintf("%s, %d days, at most %d MiB", h.Path, h.Days, h.MaxMB)
}
