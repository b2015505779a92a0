package manual

import (
	"os/exec"
	"strings"
	"testing"
)

func sample() *Page {
	p := New("program", 8, "1.2.3", "does it")
	p.Section("DESCRIPTION")
	p.Text("First \\ words, --with a flag.\nSecond line.\n\n.hidden is no request\n  kept   as it is\n")
	p.Subsection(`the "part"`)
	p.Item("--flag FILE", "what it means")
	return p
}

func TestPage(t *testing.T) {
	const want = `.TH "PROGRAM" 8 "" "mirrorgw 1.2.3" mirrorgw
.SH "NAME"
program \- does it
.SH "DESCRIPTION"
First \e words, \-\-with a flag.
Second line.
.PP
\&.hidden is no request
.PP
.nf
  kept   as it is
.fi
.SS "the \(dqpart\(dq"
.TP
.B "\-\-flag FILE"
what it means
`
	if got := sample().Roff(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	const want = "# program(8): reference\n\nprogram: does it. This page is written from the code (`make docs`); it is the text of the manual page.\n\n" +
		"## Description\n\nFirst \\\\ words, --with a flag.\nSecond line.\n\n.hidden is no request\n\n```text\n  kept   as it is\n```\n\n" +
		"### the \"part\"\n\n- `--flag FILE`: what it means\n"
	if got := sample().Markdown(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestManReads asks groff, which warns of what it does not know.
func TestManReads(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not installed: only it can judge a page")
	}
	cmd := exec.Command("groff", "-man", "-Tutf8", "-ww")
	cmd.Stdin = strings.NewReader(sample().Roff())
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 || !strings.Contains(string(out), ".hidden is no request") {
		t.Errorf("%v %s\n%s", err, errs.String(), out)
	}
}
