package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// stopTime is how long the daemon may take to end a capture and send the rest of it.
const stopTime = 10 * time.Second

// captureOptions are the flags of capture.
type captureOptions struct {
	request  api.CaptureRequest
	duration time.Duration
	file     string
	quiet    bool
}

func (a *app) captureCommand() *cobra.Command {
	o := &captureOptions{}
	cmd := &cobra.Command{
		Use:   "capture [--port PORT]... [--point POINT]... [-w FILE] [FILTER]...",
		Short: "capture frames of production, or copies, for tcpdump or Wireshark",
		Long: "Capture frames as they enter and leave the gateway, and copies as they leave, into a file or a pipe\n" +
			"(pcapng). The filter is one of tcpdump's, see pcap-filter(7). The data path never waits: what the reader\n" +
			"is too slow for is counted, and told at the end and in the file. Needs the rights of an admin.",
		Example: "  mirrorctl capture --port wire0 | tcpdump -n -r -\n" +
			"  mirrorctl capture --session web-1 --count 1000 -w web-1.pcapng\n" +
			"  mirrorctl capture --point egress --duration 10s -w out.pcapng tcp port 443 and host 10.0.0.5\n" +
			"  mirrorctl capture --point copies | wireshark -k -i -",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: noCompletion,
	}
	a.captureFlags(cmd, o)
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		err := a.format()
		if err == nil {
			err = o.complete(words, a.Screen != nil)
		}
		if err != nil {
			return hinted(err, cmd)
		}
		return a.capture(cmd.Context(), o)
	}
	return cmd
}

func (a *app) captureFlags(cmd *cobra.Command, o *captureOptions) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.request.Ports, "port", nil, "only frames of this `PORT`; may be given more than once (default: all)")
	flags.StringArrayVar(&o.request.Points, "point", nil, "only frames at this `POINT`, ingress, egress or copies; may be given more than once (default: all)")
	flags.StringVar(&o.request.Session, "session", "", "only copies of this `SESSION`, name or ID, and the frames that it copies")
	flags.StringVarP(&o.file, "write", "w", "", "into this `FILE`; - or none: standard output")
	flags.IntVarP(&o.request.Count, "count", "c", 0, "end after this `NUMBER` of frames (default: never)")
	flags.DurationVar(&o.duration, "duration", 0, "end after this `DURATION`, whole seconds (default: never)")
	flags.IntVarP(&o.request.SnapLength, "snap-length", "s", 0, "take this many `BYTES` of a frame (default: all)")
	flags.IntVar(&o.request.RateLimitPps, "rate-limit-pps", 0, "take at most this `NUMBER` of frames a second (default: no limit)")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing about what was captured, unless frames are missing")
	a.accountFlag(cmd)
	_ = cmd.RegisterFlagCompletionFunc("port", a.completeAllPorts)
	_ = cmd.RegisterFlagCompletionFunc("point", completeWords(api.PointIngress, api.PointEgress, api.PointCopies))
	_ = cmd.RegisterFlagCompletionFunc("session", a.completeField(&field{refers: "session"}))
	_ = cmd.MarkFlagFilename("write", "pcapng", "pcap")
}

// completeAllPorts offers all ports.
func (a *app) completeAllPorts(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	g, ctx, cancel := a.quickly(cmd)
	defer cancel()
	state, err := g.State(ctx)
	if err != nil {
		return noCompletion(cmd, nil, begun)
	}
	var names []string
	for _, p := range state.Ports {
		names = append(names, p.Name)
	}
	return beginningWith(names, begun), cobra.ShellCompDirectiveNoFileComp
}

// complete checks the options, and joins the words of the filter.
func (o *captureOptions) complete(words []string, screen bool) error {
	o.request.Filter = strings.Join(words, " ")
	o.request.DurationSeconds = int(o.duration / time.Second)
	if o.file == "-" {
		o.file = ""
	}
	for flag, n := range map[string]int{"count": o.request.Count, "snap-length": o.request.SnapLength, "rate-limit-pps": o.request.RateLimitPps} {
		if n < 0 {
			return usagef("--%s is %d; give a number above 0, or leave it out", flag, n)
		}
	}
	switch {
	case o.duration < 0 || o.duration%time.Second != 0:
		return usagef("--duration is %v; give whole seconds, like 10s or 5m", o.duration)
	case o.file == "" && screen:
		return usagef("a capture is nothing for a terminal; give -w FILE, or pipe it into tcpdump -r - or wireshark -k -i -")
	}
	return nil
}

// capture copies the stream until it ends. The end of ctx asks the daemon to end it properly.
func (a *app) capture(ctx context.Context, o *captureOptions) error {
	g := a.Dial(a.socket)
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	late := time.AfterFunc(a.timeout, cancel)
	stream, err := answer(g.Capture(lasting, o.request, client.Account(a.account)))
	if err != nil {
		return err
	}
	late.Stop()
	defer stream.Close()
	defer context.AfterFunc(ctx, func() { endCapture(g, stream.Identifier(), cancel) })()
	if err := a.writeCapture(o.file, stream); errors.Is(err, syscall.EPIPE) {
		return nil // tcpdump has what it wanted
	} else if err != nil {
		return err
	}
	summary, err := answer(stream.Summary())
	if err != nil {
		return err
	}
	a.tellCapture(summary, o.quiet)
	return nil
}

// writeCapture copies the stream to a file, or to standard output.
func (a *app) writeCapture(path string, stream io.Reader) error {
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE) // a reader that has enough is no reason to die without a word
	defer signal.Stop(pipe)
	out := a.Out
	if path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("the file cannot be made: %w", err)
		}
		defer file.Close()
		out = file
	}
	_, err := io.Copy(out, stream)
	var here *os.PathError
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE):
		return err
	case errors.As(err, &here):
		return fmt.Errorf("the capture cannot be written: %w", err)
	}
	return &unanswered{fmt.Errorf("the capture broke off: %w", err)}
}

// endCapture asks the daemon to end a capture, and gives the rest of it time to come.
func endCapture(g Gateway, id string, cancel context.CancelFunc) {
	ctx, done := context.WithTimeout(context.Background(), stopTime)
	defer done()
	if g.StopCapture(ctx, id) != nil {
		cancel()
		return
	}
	time.AfterFunc(stopTime, cancel)
}

var captureEnds = map[string]string{
	"count": "as many as were asked for", "duration": "the time was over", "stopped": "it was ended",
	"session-deleted": "the session was deleted", "shutdown": "the gateway shuts down",
}

// tellCapture says what was captured and what was not, beside the capture.
func (a *app) tellCapture(s *api.CaptureSummary, quiet bool) {
	var dropped []string
	for _, reason := range []string{api.DroppedFull, api.DroppedRateLimit, api.DroppedCongestion} {
		if n := s.Dropped[reason]; n > 0 {
			dropped = append(dropped, fmt.Sprintf("%d dropped: %s", n, reason))
		}
	}
	if quiet && len(dropped) == 0 {
		return
	}
	why := captureEnds[s.Ended]
	if why == "" {
		why = s.Ended
	}
	line := fmt.Sprintf("%d frames captured of %d that came by (%s)", s.Captured, s.Seen, why)
	fmt.Fprintln(a.Errs, strings.Join(append([]string{line}, dropped...), ", "))
}
