package vm

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// machine is a running guest. Its methods are for the goroutine of its test only.
type machine struct {
	t     testing.TB
	dir   string // sockets, console; private
	limit time.Duration
	agent net.Conn
	lines *bufio.Reader
	ended chan error // what QEMU ended with
}

// boot starts the guest of a directory that root.sh made, with cards, and the package as its second disk, and waits until it takes commands. It
// ends with the test, also when that is interrupted.
func boot(t testing.TB, images, deb, workdir string, cards []string) *machine {
	t.Helper()
	how := chooseAccel()
	m := &machine{t: t, dir: workdir, limit: how.limit, ended: make(chan error, 1)}
	socket, err := net.Listen("unix", filepath.Join(workdir, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	args := append(how.args, "-M", "q35", "-smp", "2", "-m", "1536", "-nodefaults", "-display", "none", "-no-reboot",
		"-kernel", filepath.Join(images, "vmlinuz"), "-initrd", filepath.Join(images, "initrd.img"),
		"-append", "root=/dev/vda ro console=ttyS0 intel_iommu=on iommu=pt isolcpus=1 nohz_full=1 rcu_nocbs=1 quiet systemd.show_status=0 mitigations=off",
		"-device", "intel-iommu,intremap=on,caching-mode=on",
		"-serial", "file:"+filepath.Join(workdir, "console"),
		"-drive", "if=none,id=root,format=raw,snapshot=on,file="+filepath.Join(images, "root.img"), "-device", "virtio-blk-pci,drive=root",
		"-drive", "if=none,id=deb,format=raw,snapshot=on,file="+deb, "-device", "virtio-blk-pci,drive=deb",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=agent,path="+filepath.Join(workdir, "agent"),
		"-device", "virtserialport,chardev=agent,name=mirrorgw.test")
	m.start(append(args, cards...))
	m.accept(socket.(*net.UnixListener))
	return m
}

// start runs QEMU on a thread that stays, for it is to die with us (Pdeathsig).
func (m *machine) start(args []string) {
	m.t.Helper()
	command := exec.Command("qemu-system-x86_64", args...)
	command.Dir, command.Stderr = m.dir, os.Stderr
	command.Env = append(os.Environ(), "TMPDIR="+m.dir) // where what the guest writes to its disks goes
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			m.ended <- command.Wait()
		}
	}()
	if err := <-started; err != nil {
		m.t.Fatalf("QEMU: %v", err)
	}
	cancel := daemon.OnInterrupt(func() { command.Process.Kill() })
	m.t.Cleanup(func() {
		cancel()
		command.Process.Kill()
		<-m.ended
	})
}

// accept waits for the guest's word that it is up.
func (m *machine) accept(socket *net.UnixListener) {
	m.t.Helper()
	socket.SetDeadline(time.Now().Add(10 * time.Second)) // QEMU connects before the guest starts
	var err error
	if m.agent, err = socket.Accept(); err != nil {
		m.t.Fatalf("QEMU does not connect: %v", err)
	}
	m.t.Cleanup(func() { m.agent.Close() })
	m.lines = bufio.NewReader(m.agent)
	if line := m.line("boot"); line != "ready\n" {
		m.t.Fatalf("the guest says %q", line)
	}
}

// line is the guest's next one. Where there is none the console may say why.
func (m *machine) line(step string) string {
	m.t.Helper()
	m.agent.SetReadDeadline(time.Now().Add(m.limit))
	line, err := m.lines.ReadString('\n')
	if err != nil {
		console, _ := os.ReadFile(filepath.Join(m.dir, "console"))
		m.t.Fatalf("%s: no answer from the guest: %v; the end of its console:\n%s", step, err, console[max(0, len(console)-2000):])
	}
	return line
}

// try runs a shell script in the guest, as root, and returns its exit code and what it printed.
func (m *machine) try(script string) (int, string) {
	m.t.Helper()
	if _, err := fmt.Fprintln(m.agent, base64.StdEncoding.EncodeToString([]byte(script))); err != nil {
		m.t.Fatal(err)
	}
	number, text, _ := strings.Cut(strings.TrimSpace(m.line(script)), " ")
	code, err := strconv.Atoi(number)
	output, err2 := base64.StdEncoding.DecodeString(text)
	if err != nil || err2 != nil {
		m.t.Fatalf("the guest answers %q", number+" "+text)
	}
	return code, string(output)
}

// run is try for a script that must succeed, line by line.
func (m *machine) run(script string) string {
	m.t.Helper()
	code, output := m.try("set -euo pipefail\n" + script)
	if code != 0 {
		_, journal := m.try("journalctl --no-pager -q -o cat -u mirrorgw | tail -n 30; dmesg | tail -n 15")
		m.t.Fatalf("in the guest: %s\nexit code %d: %s\n%s", script, code, output, journal)
	}
	return output
}

// write puts a file into the guest.
func (m *machine) write(path, text string) {
	m.t.Helper()
	m.run("mkdir -p \"$(dirname " + path + ")\" && base64 -d >" + path + " <<<" + base64.StdEncoding.EncodeToString([]byte(text)))
}
