package ec2

import (
	"context"
	"slices"

	"mirrorgw/ctl"
	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/store"
)

// request is a call that is being answered.
type request struct {
	*aws.Call
	service *Service
	action  *action
	in      *value            // parameters, checked
	tags    map[string]string // of what it makes, or sets
	tagKeys []string          // of tags and of those that it takes away
	id      string            // of what it makes
}

func (x *request) account() string { return x.Principal.Account }

// actor is who the events of a change tell.
func (x *request) actor() ctl.Actor {
	return ctl.AccountActor(x.Principal.Account, x.Principal.User, aws.Door)
}

func (x *request) dryRun() bool { return x.in.is("DryRun") }

// ctx ends when the client goes away.
func (x *request) ctx() context.Context {
	if x.Request == nil {
		return context.Background()
	}
	return x.Request.Context()
}

func (x *request) viewer(v *store.View) *viewer {
	return &viewer{v, x.account(), x.service.region}
}

// touched notes an identifier for the audit log.
func (x *request) touched(id string) {
	if !slices.Contains(x.Audit.Resources, id) {
		x.Audit.Resources = append(x.Audit.Resources, id)
	}
}

// begin starts the answer of success.
func (x *request) begin() *document {
	d := &document{}
	d.WriteString(xmlHeader)
	d.WriteString("<" + x.action.name + `Response xmlns="` + namespace + `">`)
	d.text("requestId", x.RequestID)
	return d
}

// end finishes it.
func (x *request) end(d *document) []byte {
	d.close(x.action.name + "Response")
	return d.Bytes()
}

// common is what a new record has. EC2 knows no names, so the record's is made of its identifier.
func (x *request) common() ctl.Common {
	return ctl.Common{ID: x.id, Name: nameOf(x.id), Account: x.account(), Description: x.in.str("Description"), Tags: x.tags}
}
