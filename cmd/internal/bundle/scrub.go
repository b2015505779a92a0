package bundle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/problem"
	"mirrorgw/ctl/tomldoc"
)

// gone stands for a secret.
const gone = "(removed)"

// leastSecret is how long a text of the key files must be to be looked for everywhere, bytes: shorter
// ones would be found in what is none.
const leastSecret = 8

// Kinds of secrets that are taken out.
const (
	kindKnown   = "known secrets"
	kindPrivate = "private keys"
	kindNamed   = "values called secret"
)

// scrubber takes secrets, and on request addresses, out of texts.
type scrubber struct {
	known     []string // secrets of this host, the longest first
	removed   map[string]int
	addresses *anonymizer // nil: addresses stay
}

// newScrubber learns the secrets of the host, as far as this user may read them: where he may not, no
// other piece can have them from there either.
func newScrubber(cfg *config.Config, anonymize bool) (*scrubber, error) {
	s := &scrubber{removed: map[string]int{}}
	if cfg != nil {
		for _, path := range []string{cfg.AWS.Keys, cfg.Console.Keys} {
			s.learnKeys(path)
		}
		for _, path := range []string{cfg.AWS.TLSKey, cfg.Console.TLSKey} {
			s.learnPEM(path)
		}
	}
	s.learnKeys("/etc/mirrorgw/keys.toml")
	slices.SortFunc(s.known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	s.known = slices.Compact(s.known)
	if anonymize {
		a, err := newAnonymizer()
		if err != nil {
			return nil, err
		}
		s.addresses = a
	}
	return s, nil
}

var quotedText = regexp.MustCompile(`(?m)^\s*(?:secret|session_token)\s*=\s*["']([^"'\n]+)["']`)

// learnKeys learns the secrets of a file of access keys: as TOML has them, and, as one that is no TOML may
// have the same secrets, as its lines look.
func (s *scrubber) learnKeys(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	var problems problem.List
	for _, key := range tomldoc.Parse(path, text, &problems).Tables("key") {
		for _, name := range []string{"secret", "session_token"} {
			secret, _ := key.Secret(name)
			s.learn(secret)
		}
	}
	for _, found := range quotedText.FindAllSubmatch(text, -1) {
		s.learn(string(found[1]))
	}
}

// learnPEM learns the lines of a private key.
func (s *scrubber) learnPEM(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); len(line) >= 32 && !strings.HasPrefix(line, "-----") {
			s.learn(line)
		}
	}
}

// learn learns a secret as it is, and as JSON, a log line or a URL quotes it.
func (s *scrubber) learn(secret string) {
	if len(secret) < leastSecret {
		return
	}
	inQuotes, _ := json.Marshal(secret) // a text has no error
	logged := strconv.Quote(secret)
	s.known = append(s.known, secret, string(inQuotes[1:len(inQuotes)-1]), logged[1:len(logged)-1], url.QueryEscape(secret))
}

var (
	pemBlock = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`)

	// A name that promises a secret, then = or : or the end of one argument, then the value. What a log has
	// quoted once more has backslashes before its quotes.
	namedValue = regexp.MustCompile(`(?i)([\w.-]*(?:secret|password|passwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|session[_-]?token|security[_-]?token)[\w.-]*` + toValue + `|\s+))` + secretValue)

	// A token by itself is a word of many sentences.
	namedToken = regexp.MustCompile(`(?i)((?:[\w.-]*token(?:\\*["'])?\s*[=:]\s*|--?[\w-]*token` + toValue + `|\s+)))` + secretValue)

	authorization = regexp.MustCompile(`(?i)((?:authorization|signature|credential)["']?\s*[=:]\s*["']?(?:(?:bearer|basic|aws4-hmac-sha256)\s+)?)([A-Za-z0-9+/=_.-]{16,})`)
	shortScheme   = regexp.MustCompile(`(?i)(authorization(?:\\*["'])?\s*[=:]\s*(?:\\*["'])?(?:bearer|basic)\s+)([A-Za-z0-9+/=_.~-]+)`)

	// The password in a URL.
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'?#]*:)([^\s/@"']+)(@)`)
)

// toValue is what may stand between a name and its value, but for spaces and an end of what it begins.
const toValue = `(?:\\*["'])?(?:\s*[=:]\s*|\s*,\s*`

// secretValue is a value: in three quotes, in one, in such that were quoted again, from a quote that a cut
// has left open, or without quotes.
const secretValue = `("""[^\n]*?"""|'''[^\n]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\\+"[^"\n]*?\\+"|\\*["'][^"'\n]*|[^\s"',\[\]{}]+)`

// harmless are values that say that there is none, and words that follow such a name in a sentence.
var harmless = regexp.MustCompile(`^\\*["']?(?:|true|false|null|none|\(removed\)|is|of|and|or|file|files|path|for|in|the|with|are|was|were|has|have|to|from|\d{1,4}|/[\w./-]*\.(?:toml|pem|key|crt))\\*["']?$`)

// clean returns a text without secrets.
func (s *scrubber) clean(text []byte) []byte {
	for _, secret := range s.known {
		if n := bytes.Count(text, []byte(secret)); n > 0 {
			s.removed[kindKnown] += n
			text = bytes.ReplaceAll(text, []byte(secret), []byte(gone))
		}
	}
	if bytes.Contains(text, []byte("PRIVATE KEY")) {
		text = pemBlock.ReplaceAllFunc(text, func([]byte) []byte { s.removed[kindPrivate]++; return []byte(gone) })
	}
	var out []byte
	for line := range bytes.Lines(text) {
		if promises(line) {
			line = s.cleanLine(line)
		}
		out = append(out, line...)
	}
	if s.addresses != nil {
		return s.addresses.clean(out)
	}
	return out
}

// words are what lines that the patterns may match have.
var words = [][]byte{[]byte("secret"), []byte("passw"), []byte("passphrase"), []byte("key"), []byte("token"), []byte("authorization"), []byte("signature"), []byte("credential"), []byte("://")}

func promises(line []byte) bool {
	lower := bytes.ToLower(line)
	return slices.ContainsFunc(words, func(word []byte) bool { return bytes.Contains(lower, word) })
}

func (s *scrubber) cleanLine(line []byte) []byte {
	for _, pattern := range []*regexp.Regexp{namedValue, namedToken, authorization, shortScheme, userInfo} {
		line = pattern.ReplaceAllFunc(line, func(found []byte) []byte {
			parts := pattern.FindSubmatch(found)
			if harmless.Match(parts[2]) {
				return found
			}
			s.removed[kindNamed]++
			return slices.Concat(parts[1], []byte(requoted(parts[2])), bytes.Join(parts[3:], nil))
		})
	}
	return line
}

var openingQuote = regexp.MustCompile(`^\\*["']`)

// requoted is gone in the quotes that a value had, so that documents stay valid.
func requoted(value []byte) string {
	q := string(openingQuote.Find(value))
	return q + gone + q
}
