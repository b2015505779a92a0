package reference

// Type is what a key's value is in TOML.
type Type string

// The types of values.
const (
	Text       Type = "text"
	Integer    Type = "number"
	Boolean    Type = "true, false"
	Duration   Type = "duration" // text such as "100ms": number and ns, us, ms, s, m or h
	Texts      Type = "list of text"
	TextNumber Type = "text or number" // "80-443" or 80
	Table      Type = "table"
	Tables     Type = "list of tables"
)

// Key is one key of a section.
type Key struct {
	Name     string
	Type     Type
	Unit     string // of a number, as MiB; empty: it counts
	Default  string // the value that absence means, as it is written in TOML; empty: Absent says
	Absent   string // what absence means, where it is no value; empty: nothing
	Required bool   // there is no default

	// Least and Most are the borders of a number or a duration, as written in TOML without quotes. Of Text
	// and Texts, Most is a number of characters or of entries.
	Least, Most string

	Words   []string // the values of a text that is one of some
	Form    string   // what values look like; with Words or borders, what else there is to say
	Meaning string   // Markdown
}

// Section is a section of a file, or what it has many of.
type Section struct {
	Name string // without brackets, as port; empty: keys before the first section
	Many bool   // it is written [[Name]] and may be there any number of times
	Keys []Key
}

// Header is how the section begins in the file.
func (s *Section) Header() string {
	switch {
	case s.Name == "":
		return ""
	case s.Many:
		return "[[" + s.Name + "]]"
	}
	return "[" + s.Name + "]"
}

// Key returns the named key, nil for none.
func (s *Section) Key(name string) *Key {
	for i := range s.Keys {
		if s.Keys[i].Name == name {
			return &s.Keys[i]
		}
	}
	return nil
}
