package doctor

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// tree is the host's files, below a root directory.
type tree string

// path is where a file of the host is. A relative one is relative to the working directory.
func (t tree) path(name string) string {
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	return filepath.Join(string(t), name)
}

func (t tree) exists(name string) bool {
	_, err := os.Stat(t.path(name))
	return err == nil
}

// text is the content of a file without white space around it; empty if it cannot be read.
func (t tree) text(name string) string {
	data, err := os.ReadFile(t.path(name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// number is the number in a file.
func (t tree) number(name string) (n int, ok bool) {
	n, err := strconv.Atoi(t.text(name))
	return n, err == nil
}

// cpus is the list of CPUs in a file, as "0-2,5".
func (t tree) cpus(name string) []int { return cpuList(t.text(name)) }

// link is the last element of what a symbolic link leads to; empty if it is none.
func (t tree) link(name string) string {
	to, err := os.Readlink(t.path(name))
	if err != nil {
		return ""
	}
	return filepath.Base(to)
}

// names are the names in a directory that match a pattern, sorted.
func (t tree) names(dir, pattern string) (names []string) {
	found, _ := filepath.Glob(filepath.Join(t.path(dir), pattern))
	for _, path := range found {
		names = append(names, filepath.Base(path))
	}
	return names
}

// cpuList reads the kernel's form of a list of CPUs; what it cannot read does not count.
func cpuList(text string) (cpus []int) {
	for item := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(item), "-")
		first, err := strconv.Atoi(low)
		if err != nil {
			continue
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(high); err != nil {
				continue
			}
		}
		for cpu := first; cpu <= last && cpu < 1<<14; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// bootList is the CPU list of a parameter of the kernel's command line, in which all are all CPUs and N
// is the last one.
func (t tree) bootList(parameter string) []int {
	for _, field := range strings.Fields(t.text("/proc/cmdline")) {
		if list, ok := strings.CutPrefix(field, parameter+"="); ok {
			return cpuList(t.withNumbers(list))
		}
	}
	return nil
}

// withNumbers writes a list of the kernel's command line with numbers alone.
func (t tree) withNumbers(list string) string {
	possible := t.cpus(cpuDir + "/possible")
	if len(possible) == 0 {
		return list
	}
	last := strconv.Itoa(slices.Max(possible))
	items := strings.Split(list, ",")
	for i, item := range items {
		switch low, high, _ := strings.Cut(item, "-"); {
		case item == "all":
			items[i] = "0-" + last
		case item == "N":
			items[i] = last
		case high == "N":
			items[i] = low + "-" + last
		}
	}
	return strings.Join(items, ",")
}

// process is one that runs.
type process struct {
	pid  int
	args []string
	cwd  string
}

// processes are those of a program, by the name of its file.
func (t tree) processes(program string) (found []process) {
	for _, name := range t.names("/proc", "[0-9]*") {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() && t == "/" || t.text("/proc/"+name+"/comm") != program {
			continue
		}
		cwd, _ := os.Readlink(t.path("/proc/" + name + "/cwd"))
		args := strings.Split(strings.TrimRight(t.text("/proc/"+name+"/cmdline"), "\x00"), "\x00")
		found = append(found, process{pid: pid, args: args, cwd: cwd})
	}
	return found
}

// config is the configuration that a mirrorgw was started with; empty if it is no gateway, but one of the
// program's other commands or a check.
func (p *process) config() string {
	if len(p.args) > 1 && !strings.HasPrefix(p.args[1], "-") || slices.ContainsFunc(p.args, isCheck) {
		return ""
	}
	for i, arg := range p.args {
		arg = strings.TrimPrefix(arg, "-")
		value, ok := strings.CutPrefix(arg, "-config=")
		if !ok && (arg == "-config" || arg == "config") && i+1 < len(p.args) {
			value, ok = p.args[i+1], true
		}
		if ok && !filepath.IsAbs(value) {
			value = filepath.Join(p.cwd, value)
		}
		if ok {
			return value
		}
	}
	return ""
}

func isCheck(arg string) bool { return arg == "--check-config" || arg == "-check-config" }

// holder is the process that has a file locked (flock), as /proc/locks says; 0: none that can be seen.
func (t tree) holder(name string) (pid int) {
	info, err := os.Stat(t.path(name))
	if err != nil {
		return 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	inode := strconv.FormatUint(stat.Ino, 10)
	for line := range strings.Lines(t.text("/proc/locks")) {
		f := strings.Fields(line) // 1: FLOCK ADVISORY WRITE 708 08:02:1312 0 EOF
		if i := slices.Index(f, "FLOCK"); i >= 0 && len(f) > i+4 && strings.HasSuffix(f[i+4], ":"+inode) {
			pid, _ = strconv.Atoi(f[i+3])
			return pid
		}
	}
	return 0
}
