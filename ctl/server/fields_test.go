package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/server/strictjson"
	"mirrorgw/ctl/store"
)

// keyForm is what a key of a resource document looks like.
var keyForm = regexp.MustCompile(`^[a-z][a-z_]*$`)

// TestFieldTableIsComplete finds every key that the checks of records name in a problem, and
// wants each to have a field of the API.
func TestFieldTableIsComplete(t *testing.T) {
	known := map[string]bool{}
	for key := range commonFields {
		known[key] = true
	}
	for _, table := range fieldNames {
		for key := range table {
			known[key] = true
		}
	}
	found := 0
	for _, directory := range []string{"..", "../store"} {
		for key, at := range problemKeys(t, directory) {
			found++
			if !known[key] {
				t.Errorf("%s: problems name the key %q, which fieldNames does not have", at, key)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d keys found: the test does not look where they are", found)
	}
}

// problemKeys are the keys in composite literals of problems (Key: "…") and the first text that
// is passed to functions which report one.
func problemKeys(t *testing.T, directory string) map[string]string {
	set := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	note := func(e ast.Expr) bool {
		literal, ok := e.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return false
		}
		key, err := strconv.Unquote(literal.Value)
		if err != nil || !keyForm.MatchString(key) {
			return false
		}
		keys[key] = set.Position(literal.Pos()).String()
		return true
	}
	reports := regexp.MustCompile(`(?i)^(fail|number|text|oneof|problem|refuse|unserved|warn|taken|missing|position|errorf|required|intor)`)
	for _, path := range paths {
		// Readers and the writer of documents name keys as documents do, with the place in the file.
		base := filepath.Base(path)
		if strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "document") || base == "encode.go" {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch v := n.(type) {
			case *ast.KeyValueExpr:
				if name, ok := v.Key.(*ast.Ident); ok && name.Name == "Key" {
					note(v.Value)
				}
			case *ast.CallExpr:
				if reports.MatchString(calledName(v)) {
					_ = slices.ContainsFunc(v.Args, note) // the first that is one
				}
			}
			return true
		})
	}
	return keys
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// TestFieldTableNamesFields: what the table answers with exists on the wire.
func TestFieldTableNamesFields(t *testing.T) {
	wires := map[store.Kind]reflect.Type{
		store.KindInterface: reflect.TypeFor[api.NetworkInterface](), store.KindTarget: reflect.TypeFor[api.TrafficMirrorTarget](),
		store.KindFilter: reflect.TypeFor[api.TrafficMirrorFilter](), store.KindRule: reflect.TypeFor[api.TrafficMirrorFilterRule](),
		store.KindSession: reflect.TypeFor[api.TrafficMirrorSession](), store.KindLoadBalancer: reflect.TypeFor[api.LoadBalancer](),
		store.KindShare: reflect.TypeFor[api.ResourceShare](),
	}
	for kind, table := range fieldNames {
		fields := map[string]bool{}
		for _, name := range strictjson.Fields(wires[kind]) {
			fields[name] = true
		}
		for key, name := range table {
			if first, _, _ := strings.Cut(name, "."); !fields[first] {
				t.Errorf("%s: key %q is given as %q, which the wire type does not have", kind, key, name)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"*", "", true}, {"*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abbd", false},
		{"?", "", false}, {"a?c", "abc", true}, {"*.*", "a.b", true}, {`\*`, "*", true}, {`\*`, "a", false}, {`a\?`, "a?", true},
		{"*a*b*", "xxaxxbxx", true}, {"*a*b", "ab", true}, {"web-1", "web-10", false}, {strings.Repeat("*a", 50), strings.Repeat("a", 1000) + "b", false},
	}
	for _, test := range tests {
		if got := match(test.pattern, test.text); got != test.want {
			t.Errorf("match(%q, %q) = %v", test.pattern, test.text, got)
		}
	}
}
