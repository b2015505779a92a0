package reference

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// comments are what the sources say of the types of the API: of "Type" and of "Type.field", the field by its JSON name.
type comments map[string]string

// readComments reads the Go files of a directory; prefix goes before the names of its types.
func (c comments) readComments(directory, prefix string) error {
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		return err
	}
	constants := map[string]string{}
	var parsed []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		readConstants(file, constants)
		parsed = append(parsed, file)
	}
	for _, file := range parsed {
		ast.Inspect(file, func(node ast.Node) bool {
			if decl, ok := node.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				c.readTypes(decl, prefix, constants)
			}
			return true
		})
	}
	return nil
}

// readConstants collects constants of text.
func readConstants(file *ast.File, into map[string]string) {
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if ok && len(spec.Names) == 1 && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if value, err := strconv.Unquote(literal.Value); err == nil {
					into[spec.Names[0].Name] = value
				}
			}
		}
		return true
	})
}

func (c comments) readTypes(decl *ast.GenDecl, prefix string, constants map[string]string) {
	for _, spec := range decl.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		name := prefix + spec.Name.Name
		doc := spec.Doc
		if doc == nil {
			doc = decl.Doc
		}
		words := map[string]string{}
		if structure, ok := spec.Type.(*ast.StructType); ok {
			words = fieldWords(structure)
			for _, field := range structure.Fields.List {
				about := strings.TrimSpace(field.Comment.Text() + " " + field.Doc.Text())
				if json := jsonName(field); json != "" && about != "" {
					c[name+"."+json] = translate(about, words, constants)
				}
			}
		}
		c[name] = translate(doc.Text(), words, constants)
	}
}

// fieldWords are the JSON names of a type's fields by their Go names.
func fieldWords(structure *ast.StructType) map[string]string {
	words := map[string]string{}
	for _, field := range structure.Fields.List {
		if len(field.Names) == 1 {
			words[field.Names[0].Name] = jsonName(field)
		}
	}
	return words
}

func jsonName(field *ast.Field) string {
	if field.Tag == nil {
		return ""
	}
	tag, _ := strconv.Unquote(field.Tag.Value)
	name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return name
}

// inner is a word with a capital inside: a name of the code.
var inner = regexp.MustCompile(`\b[A-Z]\w*[a-z]\w*[A-Z]\w*\b`)

// translate makes one line of a comment and gives what it names the name that clients know.
func translate(text string, words, constants map[string]string) string {
	text = inner.ReplaceAllStringFunc(strings.Join(strings.Fields(text), " "), func(word string) string {
		if json := words[word]; json != "" {
			return "`" + json + "`"
		}
		if value, ok := constants[word]; ok {
			return "`" + value + "`"
		}
		return word
	})
	return strings.ReplaceAll(strings.TrimSuffix(text, "."), "|", "\\|")
}
