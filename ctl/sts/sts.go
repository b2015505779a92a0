package sts

import (
	"crypto/sha256"
	"encoding/base32"
	"net/http"

	"mirrorgw/ctl/aws"
	"mirrorgw/ctl/aws/query"
	"mirrorgw/ctl/iam"
)

// Version is the one version of the API.
const Version = "2011-06-15"

// Service is STS. The zero value is ready.
type Service struct{}

var _ aws.Service = Service{}

// Name implements aws.Service.
func (Service) Name() string { return aws.STS }

// Refuse implements aws.Service.
func (Service) Refuse(c *aws.Call, f *aws.Fault) aws.Reply {
	return query.QueryFault(c, f, query.STSNamespace)
}

// Serve implements aws.Service.
func (s Service) Serve(c *aws.Call) aws.Reply {
	switch {
	case c.Version != "" && c.Version != Version:
		return s.refuse(c, "NoSuchVersion", "The version "+c.Version+" is not known; use "+Version+".")
	case c.Action == "":
		return s.refuse(c, "MissingAction", "The request must contain the parameter Action.")
	case c.Action != "GetCallerIdentity":
		return s.refuse(c, "InvalidAction", "Could not find operation "+c.Action+" for version "+Version+"; a gateway knows GetCallerIdentity.")
	}
	w := query.Response(c, query.STSNamespace)
	w.Text("Arn", c.Principal.ARN())
	w.Text("UserId", UserID(c.Principal))
	w.Text("Account", c.Principal.Account)
	return w.Reply()
}

func (s Service) refuse(c *aws.Call, code, message string) aws.Reply {
	return s.Refuse(c, &aws.Fault{Status: http.StatusBadRequest, Code: code, Message: message})
}

// UserID is an identifier of the form that AWS gives users, AIDA and 17 characters. It is the same
// for the same account and name at any time; that of an account itself is the account.
func UserID(p iam.Principal) string {
	if p.User == "" {
		return p.Account
	}
	sum := sha256.Sum256([]byte(p.Account + "/" + p.User))
	return "AIDA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
