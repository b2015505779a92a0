package dpdk_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

// childPrefix is set in a copy of the test binary that only tries to initialise EAL.
const childPrefix = "DPDK_TEST_CHILD_PREFIX"

const brokenVdev = "net_pcap_broken"

func TestMain(m *testing.M) {
	if prefix := os.Getenv(childPrefix); prefix != "" {
		os.Exit(child(prefix))
	}
	dpdktest.Main(m, dpdktest.Vdevs(brokenVdev+",rx_pcap=/nonexistent/in.pcap"))
}

func child(prefix string) int {
	cpus, err := dpdk.AllowedCPUs()
	if err != nil {
		fmt.Println(err)
		return 2
	}
	e, err := dpdk.Init(dpdk.Options{MainLcore: cpus[0], MemoryMB: 16, Hugepages: dpdk.HugepagesNever, NoPCI: true, FilePrefix: prefix})
	if err != nil {
		fmt.Println(err)
		return 3
	}
	dir := e.RuntimeDir()
	if err := e.Cleanup(); err != nil {
		fmt.Println(err)
		return 4
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		fmt.Println(dir, "is still there")
		return 5
	}
	return 0
}

func runChild(t *testing.T, prefix string) (string, int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPrefix+"="+prefix)
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestSecondPrimaryIsRefused(t *testing.T) {
	prefix := dpdktest.EAL().Options().FilePrefix
	out, code := runChild(t, prefix)
	want := fmt.Sprintf("EAL file prefix %s: process %d uses it", prefix, os.Getpid())
	if code != 3 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, output %q; want 3 and %q", code, out, want)
	}
}

func TestCleanupRemovesRuntimeDir(t *testing.T) {
	if out, code := runChild(t, dpdktest.Name("child")); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestSecondInit(t *testing.T) {
	cpus, err := dpdk.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	_, err = dpdk.Init(dpdk.Options{MainLcore: cpus[0], Hugepages: dpdk.HugepagesNever})
	if !errors.Is(err, dpdk.ErrInitialised) {
		t.Errorf("second Init: %v", err)
	}
	if err := dpdk.ConfineThreads(cpus); err == nil {
		t.Error("ConfineThreads after Init was not refused")
	}
}

func TestInitRefuses(t *testing.T) {
	cpus, err := dpdk.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    dpdk.Options
		want string
	}{
		{"main is worker", dpdk.Options{MainLcore: cpus[0], Lcores: cpus[:1]}, "a worker needs a CPU of its own"},
		{"lcore twice", dpdk.Options{MainLcore: cpus[0], Lcores: []int{99, 99}}, "named twice"},
		{"no such CPU", dpdk.Options{MainLcore: cpus[0], Lcores: []int{127}}, "the process may run on CPUs"},
		{"beyond DPDK", dpdk.Options{MainLcore: cpus[0], Lcores: []int{1000}}, "this DPDK is built for CPUs 0-"},
		{"negative", dpdk.Options{MainLcore: -1}, "the process may run on CPUs"},
		{"hugepages", dpdk.Options{MainLcore: cpus[0], Hugepages: "perhaps"}, "write auto, require or never"},
		{"prefix", dpdk.Options{MainLcore: cpus[0], FilePrefix: "../etc"}, "letters, digits"},
		{"memory", dpdk.Options{MainLcore: cpus[0], MemoryMB: -1}, "must be positive"},
		{"log level", dpdk.Options{MainLcore: cpus[0], LogLevel: "loud"}, "write one of"},
		{"vdev", dpdk.Options{MainLcore: cpus[0], Vdevs: []string{"eth0"}}, "starts with net_"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := dpdk.Init(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestError(t *testing.T) {
	err := error(&dpdk.Error{Call: "rte_eth_dev_configure", Subject: "port wire0", Errno: int(syscall.EINVAL)})
	if want := "port wire0: rte_eth_dev_configure: Invalid argument (22)"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if !errors.Is(err, syscall.EINVAL) {
		t.Error("does not unwrap to EINVAL")
	}
	if text := (&dpdk.Error{Call: "f", Errno: 1002}).Error(); !strings.Contains(text, "rte_config") {
		t.Errorf("DPDK's own number: %q", text)
	}
}
