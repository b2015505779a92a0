package bypass

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxOutput is how much of what a program prints is kept, bytes.
const maxOutput = 1024

// graceTime is how long the output of a program that was killed is waited for.
const graceTime = 100 * time.Millisecond

// Run runs a program, without a shell and with nothing of our environment but what it is told here. It
// ends after the limit at the latest, with all processes of its group; what a program leaves behind that
// has ended before goes on. An error says what it printed.
func Run(ctx context.Context, argv []string, limit time.Duration, event, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "MIRRORGW_EVENT=" + event, "MIRRORGW_REASON=" + reason}
	c.Dir = "/"
	var said output
	c.Stdout, c.Stderr = &said, &said
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = graceTime
	keepFiles()
	err := c.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // the second is of a program that has succeeded and left a process behind
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it did not end within %v and was killed", limit)
	}
	if text := strings.TrimSpace(string(said.kept)); text != "" {
		return fmt.Errorf("%s: %w; it said %q", argv[0], err, text)
	}
	return fmt.Errorf("%s: %w", argv[0], err)
}

// output keeps the beginning of what is written.
type output struct{ kept []byte }

func (o *output) Write(p []byte) (int, error) {
	o.kept = append(o.kept, p[:min(len(p), maxOutput-len(o.kept))]...)
	return len(p), nil
}

// keepFiles keeps our files from programs: libraries open some without O_CLOEXEC, and a lock on one would
// stay with a program that outlives us.
func keepFiles() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // no /proc: nothing that could be done
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
