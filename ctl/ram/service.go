package ram

import (
	"encoding/json"
	"errors"
	"net/http"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// Options are what a Service works with.
type Options struct {
	Store      *store.Store
	Authorizer iam.Authorizer
	Region     string // of ARNs
}

// Service answers the RAM API. Its methods may be called from any goroutine.
type Service struct {
	store      *store.Store
	authorizer iam.Authorizer
	region     string
}

var _ aws.Service = (*Service)(nil)

// New returns a Service. All options are required.
func New(o Options) *Service {
	return &Service{store: o.Store, authorizer: o.Authorizer, region: o.Region}
}

// Name is the signing name.
func (s *Service) Name() string { return "ram" }

// action is one of the API. serve returns what is answered as JSON.
type action struct {
	name, method, path string
	serve              func(x *request) (any, error)
}

// actions are all that are answered. RAM tells them apart by their paths.
var actions = []action{
	post("CreateResourceShare", "/createresourceshare", createShare),
	post("UpdateResourceShare", "/updateresourceshare", updateShare),
	{"DeleteResourceShare", http.MethodDelete, "/deleteresourceshare", deleteShare},
	post("GetResourceShares", "/getresourceshares", getShares),
	post("AssociateResourceShare", "/associateresourceshare", associate),
	post("DisassociateResourceShare", "/disassociateresourceshare", disassociate),
	post("GetResourceShareAssociations", "/getresourceshareassociations", getAssociations),
	post("GetResourceShareInvitations", "/getresourceshareinvitations", getInvitations),
	post("AcceptResourceShareInvitation", "/acceptresourceshareinvitation", acceptInvitation),
	post("RejectResourceShareInvitation", "/rejectresourceshareinvitation", rejectInvitation),
	post("ListPendingInvitationResources", "/listpendinginvitationresources", listPending),
	post("ListResources", "/listresources", listResources),
	post("ListPrincipals", "/listprincipals", listPrincipals),
	post("TagResource", "/tagresource", tagShare),
	post("UntagResource", "/untagresource", untagShare),
	post("ListResourceTypes", "/listresourcetypes", listTypes),
	post("ListPermissions", "/listpermissions", listPermissions),
	post("ListResourceSharePermissions", "/listresourcesharepermissions", listSharePermissions),
	post("GetPermission", "/getpermission", getPermission),
}

// post is an action whose parameters are a JSON object in the body.
func post[I any](name, path string, serve func(*request, *I) (any, error)) action {
	return action{name, http.MethodPost, path, func(x *request) (any, error) {
		in := new(I)
		if err := x.decode(in); err != nil {
			return nil, err
		}
		return serve(x, in)
	}}
}

// Actions lists the names of the actions that there are.
func Actions() []string {
	names := make([]string, len(actions))
	for i := range actions {
		names[i] = actions[i].name
	}
	return names
}

// Serve carries out a call and always answers. It fills in the call's Action.
func (s *Service) Serve(c *aws.Call) aws.Reply {
	a := find(c.Request)
	if a == nil {
		return s.Refuse(c, fault(http.StatusNotFound, "UnknownOperationException", "There is no operation %s %s.", c.Request.Method, clip(c.Request.URL.Path)))
	}
	c.Action = a.name
	x := &request{Call: c, service: s, action: a}
	answer, err := a.serve(x)
	if err != nil {
		return s.Refuse(c, faultOf(err))
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return s.Refuse(c, faultOf(errors.New("the answer cannot be written as JSON")))
	}
	return aws.Reply{Status: http.StatusOK, Header: header(c), Body: body}
}

func find(r *http.Request) *action {
	for i := range actions {
		if a := &actions[i]; a.path == r.URL.Path && a.method == r.Method {
			return a
		}
	}
	return nil
}

// Refuse renders a fault: its code in a header, its message in the body.
func (s *Service) Refuse(c *aws.Call, f *aws.Fault) aws.Reply {
	body, err := json.Marshal(map[string]string{"message": f.Message})
	if err != nil {
		panic(err) // a string can always be written
	}
	h := header(c)
	h.Set("X-Amzn-Errortype", f.Code)
	return aws.Reply{Status: f.Status, Header: h, Body: body, Code: f.Code}
}

func header(c *aws.Call) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-cache, no-store"}, "X-Amzn-Requestid": {c.RequestID}}
}
