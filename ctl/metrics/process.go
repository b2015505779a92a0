package metrics

import (
	"bytes"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

var started = time.Now()

// processFamilies have the names that exporters use everywhere. What cannot be read is left out.
var processFamilies = []family{
	{"process_start_time_seconds", gauge, nil, "When the daemon started, seconds since 1970", func(_ *scene, o *out) {
		o.gauge(float64(started.UnixMilli()) / 1000)
	}},
	{"process_cpu_seconds_total", counter, nil, "CPU time of the daemon, workers included, which poll and so use all of theirs", func(_ *scene, o *out) {
		var used unix.Rusage
		if unix.Getrusage(unix.RUSAGE_SELF, &used) == nil {
			o.seconds(time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds())
		}
	}},
	{"process_resident_memory_bytes", gauge, nil, "Resident memory of the daemon, without hugepages", func(_ *scene, o *out) {
		if bytes, ok := residentBytes(); ok {
			o.gauge(float64(bytes))
		}
	}},
	{"process_open_fds", gauge, nil, "Open file descriptors of the daemon", func(_ *scene, o *out) {
		if open, err := os.ReadDir("/proc/self/fd"); err == nil {
			o.gauge(float64(len(open)))
		}
	}},
	{"process_max_fds", gauge, nil, "Most file descriptors that the daemon may open", func(_ *scene, o *out) {
		var limit unix.Rlimit
		if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
			o.gauge(float64(limit.Cur))
		}
	}},
	{"go_goroutines", gauge, nil, "Goroutines of the control plane", func(_ *scene, o *out) { o.gauge(float64(runtime.NumGoroutine())) }},
	{"go_memory_heap_bytes", gauge, nil, "Memory of the control plane's live and not yet swept objects", func(_ *scene, o *out) {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		if metrics.Read(sample); sample[0].Value.Kind() == metrics.KindUint64 {
			o.gauge(float64(sample[0].Value.Uint64()))
		}
	}},
}

// residentBytes reads the second field of /proc/self/statm, pages (proc(5)).
func residentBytes() (int, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.Atoi(string(fields[1]))
	return pages * os.Getpagesize(), err == nil
}
