package testbed

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/traffic"
)

// programTime ends a program that does not end by itself.
const programTime = 60 * time.Second

// program is one that runs in a namespace beside the test, and ends with it.
type program struct {
	t       *testing.T
	command *exec.Cmd
	ended   chan struct{}

	mu     sync.Mutex
	output bytes.Buffer // of both kinds
}

// Write is for exec.Cmd.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// begin starts a program on the CPU that the gateway's worker leaves alone: a program that moves from
// one CPU to another sends frames out of order.
func (s *site) begin(host string, line ...string) *program {
	s.t.Helper()
	p := &program{t: s.t, ended: make(chan struct{})}
	p.command = exec.Command("ip", append([]string{"netns", "exec", s.namespace(host), "taskset", "-c", "0"}, line...)...)
	p.command.Stdout, p.command.Stderr = p, p
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the program ends with the thread that started it
		defer runtime.UnlockOSThread()
		err := p.command.Start()
		started <- err
		if err == nil {
			_ = p.command.Wait() // the exit code is for who asks
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		s.t.Fatalf("%s: %v", strings.Join(line, " "), err)
	}
	s.t.Cleanup(p.end)
	return p
}

// end kills the program if it still runs.
func (p *program) end() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// says waits until the program has written a text.
func (p *program) says(text string) {
	p.t.Helper()
	sooner(p.t, 15*time.Second, fmt.Sprintf("%s to say %q", p.command.Args[len(p.command.Args)-1], text), func() bool {
		return strings.Contains(p.said(), text) || p.over()
	})
	if !strings.Contains(p.said(), text) {
		p.t.Fatalf("%s ended without saying %q:\n%s", strings.Join(p.command.Args, " "), text, p.said())
	}
}

func (p *program) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// do runs a program in a namespace to its end, which must be good, and returns what it wrote.
func (s *site) do(host string, line ...string) string {
	s.t.Helper()
	p := s.begin(host, line...)
	select {
	case <-p.ended:
	case <-time.After(programTime):
		s.t.Fatalf("%s on %s does not end:\n%s", strings.Join(line, " "), host, p.said())
	}
	if !p.command.ProcessState.Success() {
		s.t.Fatalf("%s on %s: %v\n%s", strings.Join(line, " "), host, p.command.ProcessState, p.said())
	}
	return p.said()
}

// capture is a tcpdump at work.
type capture struct {
	*program
	path string
}

// capture starts tcpdump on an interface; filter is tcpdump's own language.
func (s *site) capture(host, device string, filter ...string) *capture {
	s.t.Helper()
	c := &capture{path: filepath.Join(s.t.TempDir(), host+"-"+device+".pcap")}
	c.program = s.begin(host, append([]string{"tcpdump", "-Z", "root", "-n", "-i", device, "-B", "32768", "-s", "2048", "-U",
		"--immediate-mode", "-w", c.path}, filter...)...)
	c.says("listening on")
	return c
}

// frames are those captured so far that are wanted. The last one may be half written.
func (c *capture) frames(wanted func(frame []byte) bool) (kept [][]byte) {
	c.t.Helper()
	all, err := traffic.Read(c.path)
	if err != nil && len(all) == 0 && !os.IsNotExist(err) && !strings.Contains(err.Error(), "EOF") {
		c.t.Logf("%s: %v", c.path, err)
	}
	for _, frame := range all {
		if wanted(frame) {
			kept = append(kept, frame)
		}
	}
	return kept
}

// stop ends the capture in order, and asserts that the kernel lost nothing of it.
func (c *capture) stop() {
	c.t.Helper()
	if err := c.command.Process.Signal(syscall.SIGINT); err != nil {
		c.t.Fatal(err)
	}
	<-c.ended
	if !strings.Contains(c.said(), "\n0 packets dropped by kernel") {
		c.t.Errorf("tcpdump lost frames, the test shows nothing:\n%s", c.said())
	}
}
