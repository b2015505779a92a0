package ram

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"
)

// model is what the service model of the AWS CLI 2.9.19 says of the actions that are answered.
type model struct {
	Operations map[string]struct {
		Method, Path, Input, Output string
		Errors                      []string
	}
	Shapes map[string]*shape
}

type shape struct {
	Type     string
	Enum     []string
	Required []string
	Members  map[string]string
	Member   string
}

var theModel = func() (m model) {
	text, err := os.ReadFile("testdata/model.json")
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		panic(err)
	}
	return m
}()

// checkAnswer compares an answer with the model: members that it knows, of its types and words.
func checkAnswer(w *world, action string, answer object) {
	w.Helper()
	theModel.check(w, action, theModel.Operations[action].Output, map[string]any(answer))
}

func (m *model) check(w *world, path, name string, value any) {
	w.Helper()
	s := m.Shapes[name]
	fits := false
	switch v := value.(type) {
	case string:
		fits = s.Type == "string" && (s.Enum == nil || slices.Contains(s.Enum, v))
	case bool:
		fits = s.Type == "boolean"
	case float64:
		fits = s.Type == "timestamp" || s.Type == "integer"
	case []any:
		if fits = s.Type == "list"; fits {
			for _, one := range v {
				m.check(w, path+"[]", s.Member, one)
			}
		}
	case map[string]any:
		if fits = s.Type == "structure"; !fits {
			break
		}
		for key, one := range v {
			if s.Members[key] == "" {
				w.Errorf("%s.%s is not in the model", path, key)
				continue
			}
			m.check(w, path+"."+key, s.Members[key], one)
		}
	}
	if !fits {
		w.Errorf("%s is %v and should be %s %v", path, value, s.Type, s.Enum)
	}
}

// TestModel: methods, paths, and the members of every request are the model's, and required ones
// are missed.
func TestModel(t *testing.T) {
	w := newWorld(t)
	if len(theModel.Operations) != len(Actions()) {
		t.Errorf("%d operations, %d actions", len(theModel.Operations), len(Actions()))
	}
	for _, name := range Actions() {
		op, a := theModel.Operations[name], byName(name)
		if op.Method != a.method || op.Path != a.path {
			t.Errorf("%s: %s %s", name, op.Method, op.Path)
		}
		in := m(w, op.Input)
		if a.method == http.MethodPost {
			if reply, _ := w.call(alice, name, in); reply.Code == "InvalidParameterException" && jsonFault(reply.Body) {
				t.Errorf("%s: %s", name, reply.Body)
			}
		}
		for _, member := range theModel.Shapes[op.Input].Required {
			less := object{}
			for key, value := range in {
				if key != member {
					less[key] = value
				}
			}
			w.refused(alice, "MissingRequiredParameterException", name, less)
		}
		w.refused(alice, "InvalidParameterException", name, object{"unheardOf": "x"})
	}
}

// jsonFault tells a refusal of the form of the JSON from one of its values.
func jsonFault(body []byte) bool {
	var answer object
	_ = json.Unmarshal(body, &answer)
	const beginning = "The request is not what"
	return len(answer.text("message")) >= len(beginning) && answer.text("message")[:len(beginning)] == beginning
}

// m makes an input with every member.
func m(w *world, name string) object {
	in := object{}
	for key, of := range theModel.Shapes[name].Members {
		in[key] = w.value(key, of)
	}
	return in
}

// value is one of the right form for a member.
func (w *world) value(key, of string) any {
	switch s := theModel.Shapes[of]; s.Type {
	case "boolean":
		return true
	case "integer":
		return 1
	case "list":
		return []any{w.value(key[:len(key)-1], s.Member)}
	case "structure":
		o := object{}
		for member, of := range s.Members {
			o[member] = w.value(member, of)
		}
		return o
	default:
		if s.Enum != nil {
			return s.Enum[0]
		}
	}
	return map[string]string{"resourceShareArn": "arn:aws:ram:" + region + ":" + alice + ":resource-share/0", "resourceArn": w.target(0),
		"principal": bob, "permissionArn": permissionARN, "clientToken": "", "nextToken": "", "resourceType": targetType}[key]
}
