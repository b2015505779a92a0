package query

import (
	"net/http"

	"mirrorgw/ctl/aws"
)

// Namespaces of the XML documents, which parsers of the CLI ignore and others do not.
const (
	EC2Namespace        = "http://ec2.amazonaws.com/doc/2016-11-15/"
	STSNamespace        = "https://sts.amazonaws.com/doc/2011-06-15/"
	CloudWatchNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"
)

// contentType is what EC2 answers with; the CLI was seen to accept it of all services.
const contentType = "text/xml;charset=UTF-8"

const header = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// EC2Fault answers with a fault as EC2 does. The request's ID is spelt RequestID there.
func EC2Fault(c *aws.Call, f *aws.Fault) aws.Reply {
	w := &Writer{call: c}
	w.buf.WriteString(header)
	w.open("Response", "")
	w.Element("Errors", func() {
		w.Element("Error", func() {
			w.Text("Code", f.Code)
			w.Text("Message", f.Message)
		})
	})
	w.Text("RequestID", c.RequestID)
	return w.finish(f.Status, f.Code)
}

// QueryFault answers with a fault as STS and CloudWatch do; namespace is the service's.
func QueryFault(c *aws.Call, f *aws.Fault, namespace string) aws.Reply {
	w := &Writer{call: c}
	w.open("ErrorResponse", namespace)
	w.Element("Error", func() {
		w.Text("Type", sender(f.Status))
		w.Text("Code", f.Code)
		w.Text("Message", f.Message)
	})
	w.Text("RequestId", c.RequestID)
	return w.finish(f.Status, f.Code)
}

// sender says whose fault it is, in the words of the protocol.
func sender(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}
