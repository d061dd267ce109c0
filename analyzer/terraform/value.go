package terraform

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

type state int8

const (
	unknown state = iota
	absent
	known
)

// Value is what an argument is set to, as far as the configuration alone decides it.
type Value struct {
	state state
	value cty.Value // known: wholly known, not null, without marks

	// Range is the expression in the block; empty where the argument is not written.
	Range hcl.Range
	// Origin is the literal that the value was read from, at the end of a chain of plain references (a
	// variable's default, a local); empty where the value was computed. An edit there changes the value.
	Origin hcl.Range
	// Via says which references led from Range to Origin: "var.rotation", "local.defaults".
	Via []string
	// Reference is set where the expression is nothing but a reference to a resource's attribute.
	Reference *Reference
	// Reason says, for an unknown value, what it hangs on, in words for a reader.
	Reason string

	shape  *shape  // what is known of a value that is not known as a whole, with the ranges of its parts
	name   *symbol // of an unknown value; nil where it has none, or where its parts say it
	failed bool    // an unknown value that there is none of: Terraform certainly refuses the expression
}

// Reference points at an attribute of a resource or data source of the same configuration.
type Reference struct {
	Address   string // "module.a.aws_kms_key.main", without instance keys
	Attribute string // "arn"; "" for the whole object
	Instance  string // `["eu"]`, `[0]`: the key behind the address; "" where none is written
	Each      bool   // a list: the attribute of every instance, by a splat

	scope  *Scope  // that declares it
	within string  // the module's instance, where the way to the reference tells it and scope does not
	index  *symbol // of an UnknownInstance
}

// UnknownInstance is the Instance of a reference whose key is written, but not known.
const UnknownInstance = "[?]"

// Resources lists the instances that the reference may point at, one Resource for each that is told apart; none
// where nothing of that address is declared.
func (ref Reference) Resources() []*Resource {
	if ref.scope == nil {
		return nil
	}
	var found []*Resource
	for _, r := range ref.scope.declared(ref.local()) {
		if ref.Instance == "" || ref.Instance == UnknownInstance || len(r.Instances) == 0 || slices.ContainsFunc(r.Instances, func(key string) bool {
			return strings.HasSuffix(key, ref.Instance)
		}) {
			found = append(found, r)
		}
	}
	return found
}

// String writes the reference as Terraform would from the root module: module.a["eu"].aws_iam_role.b[0].arn. Where
// the instances of a module are not told apart, it has no key.
func (ref Reference) String() string {
	address := ref.Address
	if ref.scope != nil {
		address = strings.ReplaceAll(join(ref.place(), ref.local()), anyKey, "")
	}
	return address + ref.Instance + "." + ref.Attribute
}

// local is the address inside of the module that declares it.
func (ref Reference) local() string {
	return strings.TrimPrefix(strings.TrimPrefix(ref.Address, ref.scope.Path), ".")
}

// written is the value that the configuration gives the attribute, where it is a written argument of the same value
// in every instance. Whatever AWS makes of a resource is in other attributes.
func (ref Reference) written() (v Value, ok bool) {
	if ref.scope == nil || strings.HasPrefix(strings.TrimPrefix(ref.Address, ref.scope.Path+"."), "data.") {
		return Value{}, false
	}
	address := ref.local()
	b := ref.scope.Module.resources[address]
	if b == nil || ref.scope.looksAtInstance(b) {
		return Value{}, false
	}
	for _, body := range b.bodies {
		if expr := attribute(body, ref.Attribute); expr != nil {
			v = ref.scope.memoised(address+"."+ref.Attribute, func() Value { return ref.scope.Evaluate(expr) })
			return v, v.Known()
		}
	}
	return Value{}, false
}

// referring is the value, its reference changed.
func (v Value) referring(change func(*Reference)) Value {
	ref := *v.Reference
	change(&ref)
	v.Reference = &ref
	return v
}

// only is the only one of what a splat lists.
func (v Value) only() Value { return v.referring(func(ref *Reference) { ref.Each = false }) }

// nth is one of what a splat lists: two of them must not pass for the same.
func (v Value) nth(index Value) Value {
	return v.referring(func(ref *Reference) {
		ref.Each = false
		ref.choose(index)
	})
}

// choose takes one instance.
func (ref *Reference) choose(key Value) {
	ref.Instance, ref.index = instanceKey(key.cty()), nil
	if ref.Instance == "" {
		ref.Instance, ref.index = UnknownInstance, &symbol{find: key.Symbol}
	}
}

// Known tells that the configuration decides the value, and that it is not null.
func (v Value) Known() bool { return v.state == known }

// Absent tells that the argument is not set, or set to null.
func (v Value) Absent() bool { return v.state == absent }

// Unknown tells that the configuration does not decide the value.
func (v Value) Unknown() bool { return v.state == unknown }

// Set is True where the argument certainly has a value (perhaps one that only an apply reveals): a known
// value, or a reference to an attribute that AWS always fills. It is Undecided where it may be null.
func (v Value) Set() Truth {
	switch {
	case v.state == known:
		return True
	case v.state == absent:
		return False
	case v.Reference != nil && alwaysFilled[v.Reference.Attribute]:
		return True
	case v.shape == nil && v.value != cty.NilVal && !v.value.Range().CouldBeNull():
		return True
	case v.shape == nil || v.shape.decoded != nil:
		return Undecided
	case v.shape.choices == nil:
		return True // a list, an object or a text is not null, whatever its parts are
	}
	return v.all(Value.Set)
}

// alwaysFilled are computed attributes that no provider leaves null on a managed resource.
var alwaysFilled = map[string]bool{"arn": true, "id": true, "key_id": true, "target_key_arn": true, "json": true}

// Is is True where the value is known and equal to want, after Terraform's conversion to want's type: "true"
// is true, 90 is "90".
func (v Value) Is(want cty.Value) Truth {
	switch v.state {
	case absent:
		return False
	case known:
		converted, err := convert.Convert(v.value, want.Type())
		if err != nil || !converted.IsWhollyKnown() {
			return Undecided
		}
		return truth(converted.RawEquals(want))
	default:
		return v.all(func(choice Value) Truth { return choice.Is(want) })
	}
}

// all is what a verdict is for each of the values that an unknown one may be; Undecided where they are not listed.
func (v Value) all(verdict func(Value) Truth) Truth {
	choices, ok := v.Choices()
	if !ok {
		return Undecided
	}
	first := verdict(choices[0])
	for _, choice := range choices[1:] {
		if verdict(choice) != first {
			return Undecided
		}
	}
	return first
}

// IsTrue is True for a known true.
func (v Value) IsTrue() Truth { return v.Is(cty.True) }

// IsFalse is True for a known false.
func (v Value) IsFalse() Truth { return v.Is(cty.False) }

// IsString is True for a known string, or a number or bool that converts to it.
func (v Value) IsString(want string) Truth { return v.Is(cty.StringVal(want)) }

// IsAbsent is the three-valued form of Absent.
func (v Value) IsAbsent() Truth {
	if v.state == unknown {
		return v.Set().Not()
	}
	return truth(v.state == absent)
}

// Type is the type of a known value; cty.DynamicPseudoType for any other.
func (v Value) Type() cty.Type {
	if v.state != known {
		return cty.DynamicPseudoType
	}
	return v.value.Type()
}

// Text is the known value as a string; ok is false where it is not known or is no primitive.
func (v Value) Text() (text string, ok bool) {
	if v.state != known {
		return "", false
	}
	converted, err := convert.Convert(v.value, cty.String)
	if err != nil || !converted.IsKnown() || converted.IsNull() {
		return "", false
	}
	return converted.AsString(), true
}

// Int is the known value as a whole number; ok is false where it is not known or not whole.
func (v Value) Int() (n int64, ok bool) {
	if v.state != known {
		return 0, false
	}
	converted, err := convert.Convert(v.value, cty.Number)
	if err != nil || !converted.IsKnown() || converted.IsNull() {
		return 0, false
	}
	n, accuracy := converted.AsBigFloat().Int64()
	return n, accuracy == big.Exact
}

func absentValue() Value { return Value{state: absent} }

// NotWritten is the value of an argument that is not written.
func NotWritten() Value { return absentValue() }

func unknownValue(r hcl.Range, reason string, args ...any) Value {
	return Value{state: unknown, Range: r, Reason: fmt.Sprintf(reason, args...)}
}

// failure is the value of an expression that Terraform certainly refuses.
func failure(r hcl.Range, reason string, args ...any) Value {
	v := unknownValue(r, reason, args...)
	v.failed = true
	return v
}

// valueOf classifies an evaluated cty value.
func valueOf(v cty.Value, r hcl.Range) Value {
	if heavy(v) {
		return unknownValue(r, "it is too large")
	}
	return classified(v, r)
}

// classified is valueOf for what is known not to be too large.
func classified(v cty.Value, r hcl.Range) Value {
	v, _ = v.UnmarkDeep()
	switch {
	case !v.IsKnown():
		out := unknownValue(r, "its value is known only after apply")
		out.value = v // its type, and what cty knows of it
		return out
	case v.IsNull():
		return Value{state: absent, Range: r}
	case huge(v):
		return unknownValue(r, "its number is too large")
	case !v.IsWhollyKnown():
		return Value{state: unknown, value: v, Range: r, Reason: "a part of its value is known only after apply"}
	default:
		return Value{state: known, value: v, Range: r}
	}
}

// cty gives back what the value contributes to a larger expression.
func (v Value) cty() cty.Value {
	switch {
	case v.state == known:
		return v.value
	case v.state == absent:
		return cty.NullVal(cty.DynamicPseudoType)
	case v.value != cty.NilVal:
		return v.value
	default:
		return cty.DynamicVal
	}
}
