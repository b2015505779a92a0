package cloudwatch

import (
	"net/http"
	"time"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/iam"
)

// Version is the one version of the API.
const Version = "2010-08-01"

// Service is CloudWatch. Make it with New.
type Service struct {
	history    *history.Store // nil: there is none, and so no metrics
	authorizer iam.Authorizer
	turns      chan struct{} // one for each request that reads the history
	pageTime   time.Duration // after which a page of data ends
}

var _ aws.Service = (*Service)(nil)

// reading is how many requests read the history at once: more would only take the control plane's CPU
// from others.
const reading = 2

// dataTime is how long the queries for a page of GetMetricData may take. A year of 500 metrics takes minutes to read,
// and an answer must be on its way after one (aws.DefaultLimits).
const dataTime = 10 * time.Second

// New makes the service. Without a history it answers that there are no metrics.
func New(h *history.Store, a iam.Authorizer) *Service {
	return &Service{history: h, authorizer: a, turns: make(chan struct{}, reading), pageTime: dataTime}
}

// Name implements aws.Service.
func (*Service) Name() string { return aws.CloudWatch }

// action is one of the API: how its request is read from a form, and what answers it.
type action struct {
	request func() any // a pointer to what JSON goes into
	form    func(*formReader) any
	answer  func(s *Service, c *aws.Call, request any) (answer, *aws.Fault)
}

// answer writes itself as XML; its fields and tags are its JSON.
type answer interface{ xml(w *xmlWriter) }

var actions = map[string]action{
	"ListMetrics":         actionOf(formListMetrics, (*Service).listMetrics),
	"GetMetricStatistics": actionOf(formStatistics, (*Service).getMetricStatistics),
	"GetMetricData":       actionOf(formData, (*Service).getMetricData),
}

func actionOf[R any, A answer](form func(*formReader) *R, do func(*Service, *aws.Call, *R) (A, *aws.Fault)) action {
	return action{
		request: func() any { return new(R) },
		form:    func(f *formReader) any { return form(f) },
		answer: func(s *Service, c *aws.Call, request any) (answer, *aws.Fault) {
			return do(s, c, request.(*R))
		},
	}
}

// Serve implements aws.Service.
func (s *Service) Serve(c *aws.Call) aws.Reply {
	result, fault := s.serve(c)
	if fault != nil {
		return s.Refuse(c, fault)
	}
	return protocolOf(c).reply(c, result)
}

func (s *Service) serve(c *aws.Call) (answer, *aws.Fault) {
	todo, known := actions[c.Action]
	switch {
	case c.Params != nil && c.Version != Version:
		return nil, bad("NoSuchVersion", "The version %s is not known; use %s.", c.Version, Version)
	case c.Action == "":
		return nil, bad("MissingAction", "The request must name an action: ListMetrics, GetMetricStatistics or GetMetricData.")
	case !known:
		return nil, bad("InvalidAction", "Could not find operation %s for version %s; a gateway knows ListMetrics, GetMetricStatistics and GetMetricData.", clip(c.Action), Version)
	}
	request, fault := protocolOf(c).read(c, todo)
	if fault != nil {
		return nil, fault
	}
	if fault := s.authorize(c); fault != nil {
		return nil, fault
	}
	if s.history != nil {
		select {
		case s.turns <- struct{}{}:
			defer func() { <-s.turns }()
		case <-c.Request.Context().Done():
			return nil, &aws.Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "The client has gone."}
		}
	}
	return todo.answer(s, c, request)
}

// authorize asks whether the caller may do the action. CloudWatch has no resources to name.
func (s *Service) authorize(c *aws.Call) *aws.Fault {
	facts := iam.RequestFacts{SourceIP: c.SourceIP, Time: c.Time, TLS: c.TLS, UserAgent: c.UserAgent, Region: c.Region}
	question := &iam.Question{Principal: c.Principal, Action: "cloudwatch:" + c.Action, Context: facts.Context()}
	decision := s.authorizer.Authorize(question)
	if decision.Allowed {
		return nil
	}
	return &aws.Fault{Status: http.StatusForbidden, Code: "AccessDenied",
		Message: "User: " + c.Principal.ARN() + " is not authorized to perform: " + question.Action + ". " + decision.Reason}
}

// Refuse implements aws.Service.
func (s *Service) Refuse(c *aws.Call, f *aws.Fault) aws.Reply { return protocolOf(c).refuse(c, f) }
