package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

const testpmd = "dpdk-testpmd"

// runTestpmd lets testpmd forward the capture for one interval and returns its rate in Mpps. The
// rate is testpmd's own: frames and clock are read next to each other, at both ends.
func (b *bench) runTestpmd(ctx context.Context, dir string, frames int, w *workload) (mpps float64, err error) {
	if err := b.huge.ensure(w.memory()); err != nil {
		return 0, err
	}
	text, err := b.driveTestpmd(ctx, dir, frames, w.dataRoom)
	if err != nil {
		return 0, err
	}
	result, err := parseTestpmd(text)
	if err != nil {
		return 0, err
	}
	b.peerOffloads = result.txOffloads
	return result.rxPPS / 1e6, nil
}

// driveTestpmd types what a user would type, and returns what testpmd printed.
func (b *bench) driveTestpmd(ctx context.Context, dir string, frames, dataRoom int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience+b.interval)
	defer cancel()
	prefix := fmt.Sprintf("mgwbench%d", os.Getpid())
	defer os.RemoveAll(filepath.Join("/var/run/dpdk", prefix))
	command := newCommand(ctx, dir, testpmd, testpmdArgs(prefix, b.huge.dir, frames, dataRoom)...)
	printed := newOutput("testpmd> ")
	command.Stdout, command.Stderr = printed, printed
	keys, err := command.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	end := waitFor(command)
	defer cancelAndWait(cancel, end)
	if err := awaitMarker(ctx, testpmd, printed, end); err != nil {
		return "", err
	}
	if err := b.typeCommands(ctx, keys, printed, end); err != nil {
		return "", err
	}
	err = awaitEnd(testpmd, printed, end)
	return printed.String(), err
}

// testpmdArgs are testpmd's defaults for io forwarding, on the gateway's CPUs and devices. The capture
// takes one mbuf a frame out of the pool; dataRoom is their size in bytes, or 0.
func testpmdArgs(prefix, hugeDir string, frames, dataRoom int) []string {
	args := []string{
		"--lcores", fmt.Sprintf("%d,%d", controlCPU, workerCPU), "--main-lcore", strconv.Itoa(controlCPU),
		"--vdev", captureSource, "--vdev", sink, "--no-pci", "--no-telemetry",
		"--file-prefix", prefix, "--huge-dir", hugeDir, "--huge-unlink=always",
		"--", "-i", "--forward-mode=io", "--nb-cores=1", "--no-mlockall",
		"--total-num-mbufs=" + strconv.Itoa(8192+frames),
	}
	if dataRoom != 0 {
		args = append(args, "--mbuf-size="+strconv.Itoa(dataRoom))
	}
	return args
}

// typeCommands measures between two looks at the statistics of port 0, once forwarding has settled.
func (b *bench) typeCommands(ctx context.Context, keys io.Writer, printed *output, end *ending) error {
	const settle = 200 * time.Millisecond
	for _, step := range []struct {
		text  string
		after time.Duration
	}{
		{"start\n", settle},
		{"show port stats 0\n", b.interval},
		{"show port stats 0\nstop\nquit\n", 0},
	} {
		if _, err := io.WriteString(keys, step.text); err != nil {
			return fmt.Errorf("%s does not read its commands (%w):\n%s", testpmd, err, printed.Tail())
		}
		if step.after == 0 {
			break
		}
		if err := pause(ctx, step.after, testpmd, printed, end); err != nil {
			return err
		}
	}
	return nil
}

// testpmdResult is what is read from testpmd's output.
type testpmdResult struct {
	rxPPS      float64 // frames a second received by port 0 in the measured interval
	txOffloads string  // of the sink, hexadecimal
}

var (
	rxRate    = regexp.MustCompile(`Rx-pps:\s+(\d+)`)
	offloads  = regexp.MustCompile(`port 1: RX queue number[^\n]*\n\s*Rx offloads=\S+ Tx offloads=(\S+)`)
	totalSent = regexp.MustCompile(`Accumulated forward statistics[^\n]*\n\s*RX-packets: (\d+)[^\n]*\n\s*TX-packets: (\d+)\s+TX-dropped: (\d+)`)
)

// parseTestpmd finds the second rate, for the first is of the time before the interval, and
// refuses a run that lost frames.
func parseTestpmd(text string) (testpmdResult, error) {
	rates := rxRate.FindAllStringSubmatch(text, -1)
	if len(rates) != 2 {
		return testpmdResult{}, fmt.Errorf("testpmd printed %d rates, 2 were asked for", len(rates))
	}
	pps, err := strconv.ParseFloat(rates[1][1], 64)
	if err != nil || pps == 0 {
		return testpmdResult{}, fmt.Errorf("testpmd's rate %q is not one", rates[1][1])
	}
	sent := totalSent.FindStringSubmatch(text)
	if sent == nil {
		return testpmdResult{}, errors.New("testpmd printed no accumulated forward statistics")
	}
	if sent[1] != sent[2] || sent[3] != "0" {
		return testpmdResult{}, fmt.Errorf("testpmd received %s frames, sent %s and dropped %s", sent[1], sent[2], sent[3])
	}
	result := testpmdResult{rxPPS: pps, txOffloads: "unknown"}
	if found := offloads.FindStringSubmatch(text); found != nil {
		result.txOffloads = found[1]
	}
	return result, nil
}
