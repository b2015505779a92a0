package ec2

import (
	"crypto/rand"
	"io"
	"net/http"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/iam"
	"mirrorgw/ctl/store"
)

// apiVersion is the one version of the API that there is.
const apiVersion = "2016-11-15"

// Options are what a Service works with.
type Options struct {
	Store      *store.Store
	Config     *config.Config // its ports are what a subnet is
	Authorizer iam.Authorizer
	Region     string    // of ARNs
	Random     io.Reader // of identifiers; nil: crypto/rand
}

// Service answers the EC2 API. Its methods may be called from any goroutine.
type Service struct {
	store      *store.Store
	config     *config.Config
	authorizer iam.Authorizer
	region     string
	random     io.Reader
}

var _ aws.Service = (*Service)(nil)

// New returns a Service. All options but Random are required.
func New(o Options) *Service {
	s := &Service{store: o.Store, config: o.Config, authorizer: o.Authorizer, region: o.Region, random: o.Random}
	if s.random == nil {
		s.random = rand.Reader
	}
	return s
}

// Name is the signing name.
func (s *Service) Name() string { return "ec2" }

// Actions lists the names of the actions that there are, sorted.
func Actions() []string {
	names := make([]string, len(actions))
	for i := range actions {
		names[i] = actions[i].name
	}
	return names
}

// Serve carries out a call and always answers.
func (s *Service) Serve(c *aws.Call) aws.Reply {
	a, fault := find(c)
	if fault != nil {
		return s.Refuse(c, fault)
	}
	in, fault := decode(c.Params, a.fields)
	if fault != nil {
		return s.Refuse(c, fault)
	}
	x := &request{Call: c, service: s, action: a, in: in}
	body, err := a.answer(x)
	if err != nil {
		return s.Refuse(c, x.fault(err))
	}
	return aws.Reply{Status: http.StatusOK, Header: header(), Body: body}
}

// find finds the action that is called.
func find(c *aws.Call) (*action, *aws.Fault) {
	switch {
	case c.Action == "":
		return nil, invalid("MissingAction", "The request must contain the parameter Action")
	case c.Version == "":
		return nil, missing("Version")
	case c.Version != apiVersion:
		return nil, invalid("NoSuchVersion", "The requested version (%s) of service AmazonEC2 does not exist; use %s", clip(c.Version), apiVersion)
	}
	if a := actionNamed(c.Action); a != nil {
		return a, nil
	}
	return nil, invalid("InvalidAction", "The action %s is not valid for this web service", clip(c.Action))
}

// Refuse renders a fault.
func (s *Service) Refuse(c *aws.Call, f *aws.Fault) aws.Reply {
	d := &document{}
	d.WriteString(xmlHeader)
	d.WriteString("<Response><Errors><Error>")
	d.text("Code", f.Code)
	d.text("Message", f.Message)
	d.WriteString("</Error></Errors>")
	d.text("RequestID", c.RequestID)
	d.WriteString("</Response>")
	return aws.Reply{Status: f.Status, Header: header(), Body: d.Bytes(), Code: f.Code}
}

func header() http.Header {
	return http.Header{"Content-Type": {"text/xml;charset=UTF-8"}, "Cache-Control": {"no-cache, no-store"}}
}
