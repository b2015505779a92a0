package cloudwatch

import (
	"encoding/json"
	"net/http"

	"mirrorgw/ctl/aws"
)

// cborProtocol is Smithy RPC v2 CBOR, which newer SDKs choose first. A body goes through JSON both
// ways: the two have the same values here, but for moments, which CBOR marks with tag 1.
type cborProtocol struct{}

const cborType = "application/cbor"

func (cborProtocol) read(c *aws.Call, a action) (any, *aws.Fault) {
	if len(c.Body) == 0 {
		return a.request(), nil
	}
	value, err := decodeCBOR(c.Body)
	if err != nil {
		return nil, bad("SerializationException", "The body is not a request in CBOR: %v.", err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, bad("SerializationException", "The body has a value that no request has.")
	}
	return readJSON(text, a)
}

func (cborProtocol) reply(_ *aws.Call, a answer) aws.Reply {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // as in jsonProtocol
	}
	return cborReply(http.StatusOK, text)
}

func (cborProtocol) refuse(_ *aws.Call, f *aws.Fault) aws.Reply {
	text, _ := json.Marshal(faultBody(f, "com.amazonaws.cloudwatch#"))
	reply := cborReply(f.Status, text)
	reply.Header.Set("X-Amzn-Query-Error", queryError(f))
	reply.Code = f.Code
	return reply
}

func cborReply(status int, text []byte) aws.Reply {
	header := http.Header{"Content-Type": {cborType}, "Smithy-Protocol": {"rpc-v2-cbor"}}
	return aws.Reply{Status: status, Header: header, Body: cborOfJSON(text)}
}
