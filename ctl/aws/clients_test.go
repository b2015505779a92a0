package aws_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/aws"
)

// TestCurl: curl signs by itself (--aws-sigv4), and not the Content-Type that it gives a form.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl; apt-get install curl")
	}
	url := newDoor(func(o *aws.Options) { o.Now = time.Now }).open(t)
	ask := func(service, user string, more ...string) string {
		answer, err := exec.Command(curl, append([]string{"-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30",
			"--aws-sigv4", "aws:amz:local-1:" + service, "--user", user}, more...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v %s", more, err, answer)
		}
		return string(answer)
	}
	for _, test := range []struct {
		service, user string
		more          []string
		want          string
	}{
		{"ec2", "A:a", []string{"--data", "Action=CreateTags&Version=2016-11-15&A=b+c%26", url + "/"}, "ec2 CreateTags 2016-11-15 A=b+c%26 ann"},
		{"ec2", "A:a", []string{url + "/?Action=CreateTags&Version=2016-11-15"}, "ec2 CreateTags 2016-11-15  ann"},
		{"ram", "B:b", []string{"--header", "Content-Type: application/json", "--data", "{}", url + "/getresourceshares"}, "ram    bob"},
		{"sts", "A:a", []string{"--data", "Action=GetCallerIdentity&Version=2011-06-15", url + "/"}, ":user/ann</Arn>"},
		{"sts", "A:wrong", []string{"--data", "Action=GetCallerIdentity&Version=2011-06-15", url + "/"}, "SignatureDoesNotMatch"},
	} {
		if body := ask(test.service, test.user, test.more...); !strings.Contains(body, test.want) {
			t.Errorf("curl %v: %s\nwant %s", test.more, body, test.want)
		}
	}
}
