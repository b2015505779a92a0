package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
	"mirrorgw/ctl/console/watch"
	"mirrorgw/ctl/pcapng"
)

const pathCapture = "/capture"

// captureWrite is how long a browser may take for a piece of a capture.
const captureWrite = 30 * time.Second

// capturePage is the form that starts one, and those that run.
type capturePage struct {
	Form    *form
	Running []runningCapture
	Watch   watched
}

type runningCapture struct {
	ID    string
	Facts []fact
}

// capturePoints are where frames are taken, for people.
var capturePoints = []option{{ctl.CaptureIngress.String(), "ingress: frames as they come"}, {ctl.CaptureEgress.String(), "egress: frames as they leave"},
	{ctl.CaptureCopies.String(), "copies: what tunnel ports send"}}

// captureForm proposes bounds: a capture costs the workers time.
func (v *visit) captureForm() (*form, error) {
	ports, err := v.ports(func(*api.Port) bool { return true })
	if err != nil {
		return nil, err
	}
	for i := range ports {
		ports[i].Label = ports[i].Value + ", " + ports[i].Label
	}
	sessions, err := proposals(v, api.PathSessions, v.api.Sessions(), sessionOf)
	if err != nil {
		return nil, err
	}
	return &form{Fields: []field{
		{Name: "ports", Label: "Ports", Kind: kindSome, Options: ports, Hint: "None: all."},
		{Name: "points", Label: "Points", Kind: kindSome, Options: capturePoints, Hint: "None: all."},
		{Name: "session", Label: "Session", Kind: kindSuggest, Options: sessions, Hint: "Its copies, and of production only what it copies: a name or identifier. Empty: any."},
		{Name: "filter", Label: "Filter", Hint: "As tcpdump takes it: tcp port 443 and host 10.0.0.5.", Autocomplete: "off"},
		{Name: "snapLength", Label: "Bytes of a frame", Kind: kindNumber, Hint: fmt.Sprintf("1 to 65535. Empty: all; of watched frames %d at most.", watch.MostBytes)},
		{Name: "rateLimitPps", Label: "Frames a second", Kind: kindNumber, Hint: fmt.Sprintf("The others are left out and counted. Empty: no limit; %d where frames are watched, which may be %d.", watch.Rate, watch.MostRate)},
		{Name: "count", Label: "Number of frames", Kind: kindNumber, Value: "1000", Hint: "After which it ends. Empty: no limit."},
		{Name: "durationSeconds", Label: "Seconds", Kind: kindNumber, Value: "60", Hint: fmt.Sprintf("After which it ends. Empty: no limit; %d where frames are watched, which may be %d.", watch.Seconds, watch.MostSeconds)},
	}}, nil
}

// captureRequest reads the form.
func (v *visit) captureRequest() (*form, *api.CaptureRequest, error) {
	f, err := v.captureForm()
	if err != nil {
		return nil, nil, err
	}
	f.fill(v.form)
	texts := f.texts()
	text := func(name string) string { return strings.TrimSpace(texts[name]) }
	number := func(name string) int {
		n, err := strconv.Atoi(text(name))
		if err != nil && text(name) != "" {
			f.fault(name, f.labelOf(name)+" is "+strconv.Quote(text(name))+"; give a whole number")
		}
		return n
	}
	return f, &api.CaptureRequest{Ports: strings.Fields(text("ports")), Points: strings.Fields(text("points")), Session: text("session"), Filter: text("filter"),
		SnapLength: number("snapLength"), RateLimitPps: number("rateLimitPps"), Count: number("count"), DurationSeconds: number("durationSeconds")}, nil
}

func (v *visit) captures(f *form, status int, w *watched) (*reply, error) {
	all, err := v.api.Captures(v.ctx)
	if err != nil {
		return nil, err
	}
	page := &capturePage{Form: f}
	if w != nil {
		page.Watch = *w
	}
	for i := range all {
		c := &all[i]
		page.Running = append(page.Running, runningCapture{c.CaptureID, []fact{{"By", cell{Text: c.By}}, {"Since", cell{Text: c.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC")}},
			{"Filter", cell{Text: dash(c.Request.Filter), Code: true}}, {"Captured", cell{Text: grouped(int64(c.Captured))}}, {"Came by", cell{Text: grouped(int64(c.Seen))}}}})
	}
	return &reply{template: "capture", data: page, status: status}, nil
}

// captureList is the page with what its address asks for in the form.
func (v *visit) captureList() (*reply, error) {
	f, err := v.captureForm()
	if err != nil {
		return nil, err
	}
	f.offer(v.r.URL.Query())
	return v.captures(f, http.StatusOK, nil)
}

// capture starts one, whose frames are the answer, or stops one.
func (v *visit) capture() (*reply, error) {
	if id := v.form.Get("stop"); id != "" {
		if err := v.api.StopCapture(v.ctx, id); err != nil {
			return nil, err
		}
		v.session.tell(flashSuccess, "Capture "+id+" ends.")
		return &reply{redirect: pathCapture}, nil
	}
	f, request, err := v.captureRequest()
	if err != nil {
		return nil, err
	}
	if len(f.Faults) > 0 {
		return v.captures(f, http.StatusUnprocessableEntity, nil)
	}
	ctx, cancel := context.WithCancel(v.ctx)
	stream, err := v.api.Capture(ctx, *request)
	if err != nil {
		cancel()
		if err := f.refused(err, nil); err != nil {
			return nil, err
		}
		return v.captures(f, http.StatusUnprocessableEntity, nil)
	}
	return &reply{stream: func(w http.ResponseWriter) {
		defer cancel()
		defer stream.Close()
		defer v.session.streams.begin(nil)()
		go v.endWithSession(ctx, cancel, v.r, v.session)
		w.Header().Set("Content-Type", pcapng.ContentType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+stream.Identifier()+`.pcapng"`)
		if _, err := io.Copy(&patient{w, http.NewResponseController(w)}, stream); err != nil {
			panic(http.ErrAbortHandler) // what is cut must not look whole
		}
	}}, nil
}

// patient gives each piece its time, and sends it at once.
type patient struct {
	w       io.Writer
	control *http.ResponseController
}

func (p *patient) Write(piece []byte) (int, error) {
	p.control.SetWriteDeadline(time.Now().Add(captureWrite))
	n, err := p.w.Write(piece)
	if err == nil {
		err = p.control.Flush()
	}
	return n, err
}
