package sigv4

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

const goodSignature = "9dd45f0e269062cf5f81b9925447a10a2733e1ae9ad477aa223a75ef693d0dde"

func TestParse(t *testing.T) {
	const credential = "Credential=AKID/20261122/r/ec2/aws4_request"
	const rest = "SignedHeaders=host;x-amz-date, Signature=" + goodSignature
	for text, reason := range map[string]Reason{
		"AWS4-HMAC-SHA256 " + credential + ", " + rest:                               0,
		"AWS4-HMAC-SHA256 " + credential + "," + strings.ReplaceAll(rest, ", ", ","): 0,
		"AWS4-HMAC-SHA256 " + rest + ", " + credential:                               0,
		"AWS4-HMAC-SHA256 Credential=AKID/20261122//ec2/aws4_request, " + rest:       0,
		"":                 Incomplete,
		"Basic dTpw":       Incomplete,
		"AWS4-HMAC-SHA256": Incomplete,
		"AWS4-ECDSA-P256-SHA256 " + credential + rest: Incomplete,
		"AWS AKID:signature":                          Incomplete,
		"AWS4-HMAC-SHA256 " + rest:                    Incomplete,
		"AWS4-HMAC-SHA256 " + credential:              Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", " + rest + ", Signature=" + goodSignature:                                    Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", " + rest + ", Extra=1":                                                       Incomplete,
		"AWS4-HMAC-SHA256 Credential=A/K/20261122/r/ec2/aws4_request, " + rest:                                             Incomplete,
		"AWS4-HMAC-SHA256 Credential=AKID/20261122/r/aws4_request, " + rest:                                                Incomplete,
		"AWS4-HMAC-SHA256 Credential=/20261122/r/ec2/aws4_request, " + rest:                                                Incomplete,
		"AWS4-HMAC-SHA256 Credential=AKID/2026112/r/ec2/aws4_request, " + rest:                                             Incomplete,
		"AWS4-HMAC-SHA256 Credential=AKID/2026112x/r/ec2/aws4_request, " + rest:                                            Incomplete,
		"AWS4-HMAC-SHA256 Credential=AK\x00D/20261122/r/ec2/aws4_request, " + rest:                                         Incomplete,
		"AWS4-HMAC-SHA256 Credential=AKID/20261122/r\xff/ec2/aws4_request, " + rest:                                        Incomplete,
		"AWS4-HMAC-SHA256 Credential=" + strings.Repeat("A", 129) + "/20261122/r/ec2/aws4_request, " + rest:                Incomplete,
		"AWS4-HMAC-SHA256 Credential=AKID/20261122/r/ec2/aws4, " + rest:                                                    Scope,
		"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=;host, Signature=" + goodSignature:                             Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=b;a, Signature=" + goodSignature:                               Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=a;a, Signature=" + goodSignature:                               Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=" + strings.Repeat("a;", 65) + "b, Signature=" + goodSignature: Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, Signature=" + strings.ToUpper(goodSignature):             Incomplete,
		"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, Signature=" + goodSignature[1:]:                          Incomplete,
		"AWS4-HMAC-SHA256 " + strings.Repeat(" ", 5000) + credential + ", " + rest:                                         Incomplete,
	} {
		a, err := Parse(http.Header{"Authorization": {text}})
		if reason == 0 && (err != nil || a.AccessKey != "AKID" || a.Service != "ec2" || len(a.Signed) != 2) ||
			reason != 0 && (err == nil || err.Reason != reason) {
			t.Errorf("%.120q: %v, want reason %d", text, err, reason)
		}
	}
}

// FuzzAuthorization: what parses is within the limits, and means the same when it is written anew.
func FuzzAuthorization(f *testing.F) {
	for _, v := range signedVectors(f) {
		f.Add(v.header.Get("Authorization"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(http.Header{"Authorization": {text}})
		if err != nil {
			if err.Message == "" || err.Reason < Missing || err.Reason > Scope {
				t.Fatalf("reason %d %q", err.Reason, err.Message)
			}
			return
		}
		again := algorithm + " Credential=" + a.AccessKey + "/" + a.scope() + ", SignedHeaders=" + strings.Join(a.Signed, ";") + ", Signature=" + a.signature
		b, err := parseAuthorization(again)
		if err != nil || b.Credential != a.Credential || len(a.AccessKey) > maxAccessKey || len(a.Signed) > maxSigned {
			t.Fatalf("%q: %v", again, err)
		}
	})
}

// FuzzRequest: nothing verifies but what was signed. The key is one that the corpus does not use.
func FuzzRequest(f *testing.F) {
	all := signedVectors(f)
	for _, v := range all {
		var head strings.Builder
		head.WriteString(v.method + " " + v.target + " HTTP/1.1\r\nHost: " + v.host + "\r\n")
		v.header.Write(&head)
		f.Add([]byte(head.String()+"\r\n"), v.body)
	}
	verifier := New(Options{Keys: keyring{vectorID: {ID: vectorID, Secret: "not that one"}}, Now: all[0].when})
	f.Fuzz(func(t *testing.T, head, body []byte) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(head))))
		if err != nil {
			return
		}
		a, refusal := verifier.Check(r)
		if refusal != nil {
			return
		}
		if _, refusal := verifier.Verify(r, body, a); refusal == nil {
			t.Fatalf("verified: %q", head)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v := signedVectors(b)[0]
	verifier := New(Options{Keys: v.keys(), Now: v.when})
	for b.Loop() {
		if _, err := v.verifyBy(verifier); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefuse: a wrong secret and an unknown key take the same.
func BenchmarkRefuse(b *testing.B) {
	v := signedVectors(b)[0]
	wrong := v.keys()[vectorID]
	wrong.Secret += "x"
	for name, keys := range map[string]keyring{"wrong": {vectorID: wrong}, "unknown": {}} {
		b.Run(name, func(b *testing.B) {
			verifier := New(Options{Keys: keys, Now: v.when})
			for b.Loop() {
				if _, err := v.verifyBy(verifier); err != mismatch {
					b.Fatal(err)
				}
			}
		})
	}
}
