package keyfile

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/iam"
)

const account = "000000000001"

type groups struct{}

func (groups) Groups(account, user string) []string { return []string{account + "-" + user} }

// put writes a file of keys as an editor does, with a rename.
func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path+"~", []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path+"~", mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

func key(id, rest string) string {
	return "[[key]]\nid = \"" + id + "\"\nsecret = \"0123456789abcdef-" + id + "\"\n" + rest + "\n"
}

func TestKeys(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "keys.toml"), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	put(t, path, key("ROOT", "")+key("ANN1", `user = "ann"`)+key("ANN2", `user = "ann"`+"\n"+`session_token = "token"`)+
		key("BOB1", `account = "123456789012"`+"\n"+`user = "bob"`+"\nexpires = 2026-11-23T12:30:00Z"), 0o600)
	f, err := Open(Options{Path: path, Account: account, Groups: groups{}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	want := []iam.Key{
		{ID: "ROOT", Principal: iam.Principal{Account: account}},
		{ID: "ANN1", Principal: iam.Principal{Account: account, User: "ann", Groups: []string{account + "-ann"}}},
		{ID: "ANN2", SessionToken: "token", Principal: iam.Principal{Account: account, User: "ann", Groups: []string{account + "-ann"}}},
		{ID: "BOB1", Principal: iam.Principal{Account: "123456789012", User: "bob", Groups: []string{"123456789012-bob"}}},
	}
	for _, w := range want {
		got, ok := f.Key(w.ID)
		if !ok || got.ID != w.ID || got.Secret != "0123456789abcdef-"+w.ID || got.SessionToken != w.SessionToken ||
			got.Principal.ARN() != w.Principal.ARN() || !slices.Equal(got.Principal.Groups, w.Principal.Groups) {
			t.Errorf("%s: %v %+v", w.ID, ok, got)
		}
	}
	if _, ok := f.Key("NONE"); ok || f.Len() != len(want) {
		t.Errorf("%v, %d keys", ok, f.Len())
	}
	now = now.Add(30 * time.Minute)
	if _, ok := f.Key("BOB1"); ok {
		t.Error("a key that has expired is one")
	}
}

// TestRotation: the file changes while it is in use. What is no good changes nothing and is told.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.toml")
	var log bytes.Buffer
	put(t, path, key("OLD1", ""), 0o600)
	f, err := open(Options{Path: path, Account: account, Log: slog.New(slog.NewTextHandler(&log, nil))}, 0)
	if err != nil {
		t.Fatal(err)
	}
	has := func(step string, ids ...string) {
		t.Helper()
		for _, id := range []string{"OLD1", "NEW1"} {
			if _, ok := f.Key(id); ok != slices.Contains(ids, id) {
				t.Errorf("%s: %s is a key: %v", step, id, ok)
			}
		}
	}
	has("first", "OLD1")
	put(t, path, key("OLD1", "")+key("NEW1", ""), 0o600)
	has("both", "OLD1", "NEW1")
	put(t, path, key("NEW1", ""), 0o600)
	has("new", "NEW1")
	for _, bad := range []struct {
		text string
		mode os.FileMode
		want string
	}{
		{"[[key]\n", 0o600, "not valid TOML"},
		{key("OLD1", "x = 1"), 0o600, "unknown key"},
		{key("OLD1", ""), 0o640, "mode 0640"},
	} {
		log.Reset()
		put(t, path, bad.text, bad.mode)
		has(bad.want, "NEW1")
		if text := log.String(); !strings.Contains(text, bad.want) || !strings.Contains(text, "those before stay") || strings.Count(text, "\n") != 1 {
			t.Errorf("%s: logged %q", bad.want, text)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	has("removed", "NEW1")
	if err := f.Reload(); err == nil {
		t.Error("a file that is gone can be read")
	}
	put(t, path, "", 0o600)
	has("empty")
}

func TestRefused(t *testing.T) {
	const secret = "5ecret5ecret5ecret"
	for _, test := range []struct{ name, text, want string }{
		{"no quotes", "[[key]]\nid = \"AKIA\"\nsecret = " + secret + "\n", "keys.toml:3: this is not valid TOML"},
		{"open quotes", "[[key]]\nsecret = \"" + secret + "\n", "this is not valid TOML"},
		{"a number", "[[key]]\nid = \"AKIA\"\nsecret = 515151515151515151\n", `keys.toml:3: key "AKIA": secret is a whole number, not text`},
		{"a short secret", "[[key]]\nid = \"AKIA\"\nsecret = \"5ecret5\"\n", `keys.toml:3: key "AKIA": secret is not right; it is 16 to 128`},
		{"a space", "[[key]]\nid = \"AKIA\"\nsecret = \"" + secret + " x\"\n", "secret is not right"},
		{"no secret", "[[key]]\nid = \"AKIA\"\n", "secret is missing"},
		{"no id", "[[key]]\nsecret = \"" + secret + "\"\n", "id is missing"},
		{"a slash in the id", "[[key]]\nid = \"AK/IA\"\nsecret = \"" + secret + "\"\n", "id is not right"},
		{"twice", key("AKIA", "") + key("AKIA", ""), `id "AKIA" is there twice`},
		{"account", key("AKIA", `account = "12345678901"`), "account is not right; it is 12 digits"},
		{"user", key("AKIA", `user = "a b"`), "user is not right"},
		{"expires", key("AKIA", "expires = 2027-01-01"), "expires is not a date and a time with its zone"},
		{"misspelt", key("AKIA", `sesion_token = "`+secret+`"`), `did you mean "session_token"?`},
		{"another section", "[keys]\n", `did you mean "key"?`},
		{"too large", strings.Repeat("#\n", maxBytes), "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.toml")
			put(t, path, test.text, 0o600)
			_, err := Open(Options{Path: path, Account: account})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%v, want %q", err, test.want)
			}
			for _, hidden := range []string{"5ecret", "515151", "0123456789abcdef"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("the secret is told: %v", err)
				}
			}
		})
	}
}

func TestOwnerAndMode(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	for _, test := range []struct {
		name        string
		owner       int
		mode        os.FileMode
		credentials bool // in the directory that systemd has made
		want        string
	}{
		{"right", 0, 0o600, false, ""},
		{"read-only", 0, 0o400, false, ""},
		{"group reads", 0, 0o640, false, "mode 0640"},
		{"others read", 0, 0o604, false, "mode 0604"},
		{"group writes", 0, 0o620, false, "mode 0620"},
		{"another owner", 1, 0o600, false, "belongs to user 1"},
		{"a credential", 0, 0o440, true, ""},
		{"a credential of others", 0, 0o444, true, "mode 0444"},
		{"a credential of another owner", 1, 0o400, true, "belongs to user 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, "keys.toml")
			put(t, path, key("AKIA", ""), test.mode)
			if err := os.Chown(path, test.owner, 0); err != nil {
				t.Fatal(err)
			}
			if test.credentials {
				t.Setenv("CREDENTIALS_DIRECTORY", dir)
			}
			_, err := Open(Options{Path: path, Account: account})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if _, err := Open(Options{Path: dir}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Open(Options{Path: filepath.Join(dir, "none")}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("nothing: %v", err)
	}
}

// TestPreparedIsNotOlder: the file changes between the reading of it and the use of what was read. A key that
// was taken out of it does not come back.
func TestPreparedIsNotOlder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.toml")
	put(t, path, key("OLD1", ""), 0o600)
	f, err := open(Options{Path: path, Account: account}, 0)
	if err != nil {
		t.Fatal(err)
	}
	use, err := f.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, key("NEW1", ""), 0o600)
	if _, ok := f.Key("NEW1"); !ok {
		t.Fatal("the file has changed, and nobody has noticed")
	}
	use()
	if _, ok := f.Key("OLD1"); ok {
		t.Error("a key that was taken out counts again")
	}
	if _, ok := f.Key("NEW1"); !ok {
		t.Error("a key that is in the file does not count")
	}
}
