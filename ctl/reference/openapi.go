package reference

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"mirrorgw/ctl/server"
)

// openAPI is what the page takes from the document.
type openAPI struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Summary     string
	Role        string `json:"x-role"`
	Parameters  []parameter
	RequestBody struct{ Content map[string]media }
	Responses   map[string]response
}

type parameter struct {
	Name, In, Description string
	Prefix                bool `json:"x-prefix"`
	Schema                schema
}

type response struct {
	Description string
	Content     map[string]media
}

type media struct{ Schema schema }

type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Format      string
	Description string
	Minimum     *int
	Items       *schema
	Properties  map[string]schema
	Required    []string
	Additional  json.RawMessage `json:"additionalProperties"`
	AnyOf       []schema
}

// APIPage is docs/api-reference.md: what the OpenAPI document of the control API says, and what the sources below ctl, the
// directory, say of its types.
func APIPage(ctl string) (string, error) {
	text, err := server.OpenAPI()
	if err != nil {
		return "", err
	}
	var document openAPI
	if err := json.Unmarshal(text, &document); err != nil {
		return "", err
	}
	about := comments{}
	for directory, prefix := range map[string]string{"api": "", "report": "Report"} {
		if err := about.readComments(filepath.Join(ctl, directory), prefix); err != nil {
			return "", err
		}
	}
	about["Report"] = about["ReportReport"]
	for _, field := range slices.Collect(maps.Keys(about)) {
		if rest, ok := strings.CutPrefix(field, "ReportReport."); ok {
			about["Report."+rest] = about[field]
		}
	}
	return document.page(about), nil
}

const apiHead = `# API reference

Every path, parameter, field and code of the [control API](api.md), which tells how to use them. This page is written from the OpenAPI
document that the daemon serves at ` + "`/v1/openapi.json`" + ` (` + "`make docs`" + `). Fields that are not marked *always* may be absent.

Any request may be answered by these errors: %s. [What the codes mean](api.md#errors).

`

func (d *openAPI) page(about comments) string {
	var b bytes.Buffer
	common := d.commonCodes()
	fmt.Fprintf(&b, apiHead, "`"+strings.Join(common, "`, `")+"`")
	b.WriteString("## Requests\n")
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range methods(d.Paths[path]) {
			o := d.Paths[path][method]
			o.write(&b, strings.ToUpper(method), path, common)
		}
	}
	b.WriteString("\n## Types\n")
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		s := d.Components.Schemas[name]
		s.write(&b, name, about)
	}
	return b.String()
}

// methods are those of a path, as they are told: look, make, change, remove.
func methods(item map[string]operation) []string {
	order := []string{"get", "post", "put", "patch", "delete"}
	return slices.SortedFunc(maps.Keys(item), func(a, b string) int { return cmp.Compare(slices.Index(order, a), slices.Index(order, b)) })
}

// codes are those of errors that an operation may answer with.
func (o *operation) codes() (codes []string) {
	for status, r := range o.Responses {
		if status >= "4" {
			codes = append(codes, strings.Split(r.Description, ", ")...)
		}
	}
	return codes
}

// commonCodes are those of every operation, sorted.
func (d *openAPI) commonCodes() []string {
	operations, found := 0, map[string]int{}
	for _, item := range d.Paths {
		for _, o := range item {
			operations++
			for _, code := range o.codes() {
				found[code]++
			}
		}
	}
	maps.DeleteFunc(found, func(_ string, n int) bool { return n < operations })
	return slices.Sorted(maps.Keys(found))
}

func (o *operation) write(b *bytes.Buffer, method, path string, common []string) {
	fmt.Fprintf(b, "\n### %s %s\n\n%s. Role: %s.\n", method, path, o.Summary, o.Role)
	if len(o.Parameters) > 0 {
		b.WriteString("\n| parameter | in | type | meaning |\n| --- | --- | --- | --- |\n")
		for _, p := range o.Parameters {
			name := p.Name
			if p.Prefix {
				name += "…"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, p.In, p.Schema.words(), p.Description)
		}
	}
	b.WriteByte('\n')
	if len(o.RequestBody.Content) > 0 {
		fmt.Fprintf(b, "- Body: %s\n", contents(o.RequestBody.Content))
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status < "4" {
			fmt.Fprintf(b, "- Answer: %s, %s\n", status, contents(o.Responses[status].Content))
		}
	}
	if more := o.moreCodes(common); len(more) > 0 {
		fmt.Fprintf(b, "- Errors besides: %s\n", strings.Join(more, ", "))
	}
}

// moreCodes are the operation's own errors, with their status.
func (o *operation) moreCodes(common []string) (more []string) {
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status < "4" {
			continue
		}
		for _, code := range strings.Split(o.Responses[status].Description, ", ") {
			if !slices.Contains(common, code) {
				more = append(more, fmt.Sprintf("%s `%s`", status, code))
			}
		}
	}
	return more
}

// contents says what a body is, by its media type.
func contents(content map[string]media) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(content)) {
		s := content[name].Schema
		words := s.words()
		if s.Description != "" {
			words = s.Description
		}
		parts = append(parts, fmt.Sprintf("%s (`%s`)", words, name))
	}
	return strings.Join(parts, ", or ")
}
