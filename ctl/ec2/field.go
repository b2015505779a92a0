package ec2

// A field is what one parameter may hold; tables of fields describe what an action takes.
type field struct {
	name     string
	form     form
	required bool
	low, top int      // of a number; of the characters of a text
	choices  []string // of a choice
	most     int      // members of a list
	tooMany  string   // code of the fault when a list has more
	item     *field   // of a list
	fields   []field  // of a structure
}

// form is how a parameter is written.
type form int

const (
	formText      form = iota
	formNumber         // a 32-bit integer in decimal
	formFlag           // true or false
	formChoice         // one of some words
	formList           // Name.1, Name.2
	formStructure      // Name.Member
	formRefused        // the API has it, a gateway does not: anything below it too
)

// Bounds of texts in characters and of lists, where EC2's reference has none of its own.
const (
	maxText   = 1024
	maxIDs    = 1000 // identifiers in one request
	maxTagSet = 1000 // tags in one request; how many a resource may have is judged with it
)

func text(name string, top int) field { return field{name: name, form: formText, top: top} }

// id is the identifier of a resource, or an ARN.
func id(name string) field { return text(name, maxText) }

func number(name string, low, top int) field {
	return field{name: name, form: formNumber, low: low, top: top}
}

func flag(name string) field { return field{name: name, form: formFlag} }

func choice(name string, choices ...string) field {
	return field{name: name, form: formChoice, choices: choices}
}

// list has members of at most so many; the item has no name of its own.
func list(name string, most int, item field) field {
	return field{name: name, form: formList, most: most, item: &item}
}

func structure(name string, fields ...field) field {
	return field{name: name, form: formStructure, fields: fields}
}

func refused(name string) field { return field{name: name, form: formRefused} }

// must makes a field required.
func must(f field) field {
	f.required = true
	return f
}

// overflowing gives a list the code of the fault when it has too many members.
func overflowing(code string, f field) field {
	f.tooMany = code
	return f
}

// Fields that several actions have.
var (
	dryRunField      = flag("DryRun")
	clientTokenField = text("ClientToken", maxClientToken)
	descriptionField = text("Description", maxDescription)

	tagFields = []field{text("Key", maxText), text("Value", maxText)}

	tagSpecificationField = list("TagSpecification", 10, structure("",
		must(text("ResourceType", maxText)),
		list("Tag", maxTagSet, structure("", tagFields...))))

	filterField = overflowing("FilterLimitExceeded", list("Filter", 50, structure("",
		must(text("Name", 512)),
		must(overflowing("FilterLimitExceeded", list("Value", 200, text("", maxText)))))))
)

const (
	maxClientToken = 64
	maxDescription = 255
)

// describing are the fields of every action that lists things, besides its own.
func describing(own ...field) []field {
	return append(own, filterField, number("MaxResults", minPage, maxPage), text("NextToken", maxText))
}

// portRange is all or nothing: a range with one end is not a range.
func portRange(name string) field {
	return structure(name, must(number("FromPort", 0, 65535)), must(number("ToPort", 0, 65535)))
}
