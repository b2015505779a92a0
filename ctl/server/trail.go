package server

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// DoorSocket is what the audit log calls the control socket.
const DoorSocket = "socket"

// HeaderRequestID is on answers that the audit log tells of, with the requestID there.
const HeaderRequestID = "X-Request-Id"

// trail is what the audit log tells of a request besides.
type trail struct {
	began    time.Time
	touched  []string // identifiers
	dryRun   bool
	decision iam.Decision // the last one
}

// note remembers what a change touched.
func (t *trail) note(request store.Request, result store.Result) {
	t.dryRun = request.DryRun
	for i := range result.Events {
		t.touched = append(t.touched, result.Events[i].ID)
	}
}

// record writes changes, and whatever was refused for lack of rights, to the audit log before the
// answer begins. e is nil where the request was carried out.
func (s *Server) record(x *exchange, status int, e *api.Error) {
	if s.Audit == nil || !x.route.changes() && !x.route.recorded && status != http.StatusForbidden {
		return
	}
	r := &audit.Record{Time: x.trail.began, Door: x.who.door(), RequestID: requestID(), Service: "mirrorgw", Action: x.route.action,
		Identity: identity(x), UserAgent: x.r.UserAgent(), Parameters: parameters(x), Resources: x.trail.touched, Status: status,
		DryRun: x.trail.dryRun, Policy: x.trail.decision.Policy, Statement: x.trail.decision.Statement,
		Microseconds: time.Since(x.trail.began).Microseconds()}
	if door := x.who.through; door != nil {
		r.SourceIP, r.UserAgent = addressWire(door.SourceIP), door.UserAgent
	}
	if e != nil {
		r.Code, r.Message = e.Code, e.Message
	}
	x.w.Header().Set(HeaderRequestID, r.RequestID)
	s.Audit.Write(r)
}

func identity(x *exchange) audit.Identity {
	i := audit.Identity{Type: audit.TypeUnknown}
	if x.peer.known {
		i.Type, i.UID, i.PID = audit.TypeUnix, &x.peer.uid, x.peer.pid
	}
	if door := x.who.through; door != nil {
		return door.Identity()
	}
	if x.who.mapped {
		i.Type, i.Account, i.User, i.ARN = audit.TypeUser, x.who.Account, x.who.User, x.who.ARN()
		if x.who.User == "" {
			i.Type = audit.TypeRoot
		}
	}
	return i
}

// Identity is what the audit log says of the caller.
func (c *Caller) Identity() audit.Identity {
	i := audit.Identity{AccessKey: c.AccessKey}
	switch p := &c.Principal; {
	case p.Account == "" && c.Role == Nobody:
		i.Type = audit.TypeUnknown
	case p.Account == "":
		i.Type, i.UID = audit.TypeUnix, &c.UID
	default:
		i.Type, i.Account, i.User, i.ARN = audit.TypeUser, p.Account, p.User, p.ARN()
		if p.User == "" {
			i.Type = audit.TypeRoot
		}
	}
	return i
}

// parameters are the path, the query and the document of a request.
func parameters(x *exchange) any {
	p := map[string]any{"path": x.r.URL.Path}
	if query := audit.Form(x.query); query != nil {
		p["query"] = query
	}
	if body := audit.Body(x.body); body != nil {
		p["body"] = body
	}
	return p
}

// requestID is random in the form of a version 4 UUID (RFC 9562 section 5.4).
func requestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
