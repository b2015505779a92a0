package pages

import (
	"regexp"
	"strings"
)

// programs are what commands of pages begin with. A line that begins with another word is no command, unless the block is
// marked or has the language of a shell.
var programs = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`mirrorgw mirrorctl mirrorgw-host api curl make go aws apt apt-get apt-cache dpkg systemctl journalctl
		systemd-analyze loginctl ip tc ethtool sysctl nstat ss ping tcpdump tshark dumpcap wireshark editcap suricata zeek arkime
		promtool git mkdir cp mv ln install chmod chown useradd usermod groupadd export cd sudo cat tail grep jq lspci
		dpdk-devbind.py dpdk-testpmd qemu-system-x86_64 modprobe mount umount kill taskset`) {
		programs[name] = true
	}
}

var (
	prompt     = regexp.MustCompile(`^[$#] `)
	assignment = regexp.MustCompile(`^[A-Za-z_]+=\S* +`)
)

// Commands says whether the block is, or has, commands for a shell.
func (b *Block) Commands() bool {
	if b.Language == "sh" || b.Mark.Run != "" || b.Mark.Needs != "" {
		return true
	}
	if b.Language != "" || b.Mark.File != "" {
		return false
	}
	for _, line := range strings.Split(b.Text, "\n") {
		line = assignment.ReplaceAllString(prompt.ReplaceAllString(strings.TrimSpace(line), ""), "")
		word, _, _ := strings.Cut(line, " ")
		if name := word[strings.LastIndexByte(word, '/')+1:]; programs[name] || strings.HasPrefix(word, "scripts/") {
			return true
		}
	}
	return false
}

// Script is what the block says to a shell. In a block with prompts these are the lines behind them, and those that go on
// behind a backslash or inside quotes; the others are output.
func (b *Block) Script() string {
	if !strings.Contains("\n"+b.Text, "\n$ ") {
		return b.Text
	}
	var script strings.Builder
	quoted, more := false, false
	for _, line := range strings.Split(b.Text, "\n") {
		command, shown := strings.CutPrefix(line, "$ ")
		if !shown && !more && !quoted {
			continue
		}
		script.WriteString(command + "\n")
		quoted = quoted != (strings.Count(command, "'")%2 == 1)
		more = strings.HasSuffix(command, "\\")
	}
	return script.String()
}

// inlineCode is a command in the text of a page, between backquotes.
var inlineCode = regexp.MustCompile("`((?:mirrorctl|mirrorgw|make) [^`\n]+)`")

// Inline returns the commands of mirrorctl, mirrorgw and make in the text of a page that are whole: those without a placeholder such
// as … or A|B.
func Inline(text string) (commands []string) {
	for _, m := range inlineCode.FindAllStringSubmatch(text, -1) {
		if !strings.ContainsAny(m[1], "…|<>[]@") && !strings.Contains(m[1], "KIND") {
			commands = append(commands, m[1])
		}
	}
	return commands
}
