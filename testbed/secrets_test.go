package testbed

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mirrorgw/testbed/signed"
)

// planted are secrets; each has the letters SECRET, so that a part of one is found too.
const (
	plantedKey   = "SECRETkey/0123456789abcdefghij+SECRET0123"
	plantedToken = "SECRETtoken0123456789"
)

const plantedEntry = "[[key]]\nid = \"AKIDEXAMPLE\"\nsecret = \"" + plantedKey + "\"\n" +
	"[[key]]\nid = \"ASIAEXAMPLE\"\nsecret = \"" + plantedKey + "\"\nsession_token = \"" + plantedToken + "\"\n"

// TestSecretsStayOutOfEveryLog: secrets take each way into the gateway that there is, also wrong ones, at
// the level debug. Neither the log nor the audit log nor what the gateway tells of itself has any of them.
func TestSecretsStayOutOfEveryLog(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("access keys must belong to root")
	}
	g := newSteered(t)
	ann := g.withEndpoint(plantedEntry)
	g.more += "\n[audit]\npath = \"audit.log\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"
	g.write()
	s := g.startLogging(`"msg":"ready"`)
	sendSecrets(t, ann.Endpoint)
	c := signed.New(ann.Endpoint, "local-1", "AKIDEXAMPLE", plantedKey)
	defer c.Close()
	if reply, err := c.EC2(s.context(), "CreateTrafficMirrorFilter", "Description", "asked for"); err != nil || !reply.OK() {
		t.Fatalf("%v %+v", err, reply)
	}
	said := s.badKeys()
	state, err := s.State(s.context())
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	s.end()
	audit, err := os.ReadFile(filepath.Join(g.dir, "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"the log": s.Stderr(), "the audit log": string(audit), "answers to reloads": said, "the state": string(told)} {
		for _, line := range strings.Split(text, "\n") {
			if strings.Contains(line, "SECRET") {
				t.Errorf("%s has %s", what, line)
			}
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(s.Stderr()), "\n") {
		if strings.HasPrefix(line, "{") && !json.Valid([]byte(line)) {
			t.Errorf("the log has %q", line)
		}
	}
	if !strings.Contains(string(audit), "CreateTrafficMirrorFilter") || !strings.Contains(s.Stderr(), `"level":"DEBUG"`) {
		t.Error("the logs are empty: nothing was tested")
	}
}

// sendSecrets asks the AWS endpoint with secrets where they belong and where they do not.
func sendSecrets(t *testing.T, endpoint string) {
	t.Helper()
	credential := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/local-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + plantedToken
	for _, c := range []struct{ path, body, authorization string }{
		{"/", "Action=DescribeRegions&SecretAccessKey=" + url.QueryEscape(plantedKey), credential},
		{"/?X-Amz-Security-Token=" + plantedToken + "&X-Amz-Signature=" + plantedToken + "&X-Amz-Credential=AKIDEXAMPLE/x", "", ""},
		{"/" + plantedToken, "", credential},
		{"/", `{"SecretAccessKey":"` + plantedKey + `"}`, "Bearer " + plantedToken},
		{"/", "", strings.Replace(credential, "AKIDEXAMPLE/", plantedToken+"/", 1)},
	} {
		request, err := http.NewRequest(http.MethodPost, endpoint+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", c.authorization)
		request.Header.Set("X-Amz-Security-Token", plantedToken)
		request.Header.Set("X-Amz-Date", "20260101T000000Z")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
}

// badKeys has files of access keys read that are wrong just where the secrets are, and returns what was
// answered.
func (s *steered) badKeys() (said string) {
	s.t.Helper()
	for _, text := range []string{
		strings.Replace(plantedEntry, "secret = \""+plantedKey, "secret = \""+plantedKey+" x", 1),
		strings.Replace(plantedEntry, "secret = \""+plantedKey+"\"", "secret = "+plantedKey, 1),
		strings.Replace(plantedEntry, "secret = \""+plantedKey+"\"", "secret = \""+plantedKey, 1),
		strings.Replace(plantedEntry, "secret = \""+plantedKey+"\"", "secret = [\""+plantedKey+"\"]", 1),
		strings.Replace(plantedEntry, "session_token = \""+plantedToken, "session_token = \""+plantedToken+"\\q", 1),
		plantedKey + "\n" + plantedEntry,
		strings.Replace(plantedEntry, "secret = \"", "\""+plantedKey+"\" = \"", 1),
	} {
		s.gateway.writeKeys(text)
		if _, err := s.Reload(s.context(), false); err != nil {
			said += err.Error() + "\n"
		} else {
			s.t.Errorf("%q was taken", text)
		}
	}
	s.Signal(syscall.SIGHUP)
	return said
}
