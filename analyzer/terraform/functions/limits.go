package functions

import (
	"fmt"
	"math/big"
	"sync/atomic"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

const (
	// MaxFileBytes is the largest file that a function reads.
	MaxFileBytes = 1 << 20

	maxText         = 4 << 20 // bytes of all strings in an argument list or a result
	maxElements     = 100_000 // values in an argument list or a result, nested ones too
	maxDepth        = 128     // levels of nesting; each is a few stack frames in the decoders
	maxExponentBits = 1 << 13 // beyond float64, and still quick to write out in digits
	maxWork         = 1 << 26 // steps of one expression, each some ten nanoseconds
	callWork        = 500     // steps of a call that does nothing
	elementWork     = 10      // steps to look at one element
	loopWork        = 500     // steps of one round of a loop that does nothing
)

// LimitError says that a call was given up because of its size, not because Terraform would refuse it: whatever
// hangs on the outcome is unknown.
type LimitError struct{ problem string }

func (e *LimitError) Error() string { return e.problem }

func limitf(format string, args ...any) error {
	return &LimitError{problem: fmt.Sprintf(format, args...)}
}

// Budget is the work that the calls and loops of one expression may cost together: a cheap call in nested loops is
// not cheap. It may be used from several goroutines.
type Budget struct{ spent atomic.Int64 }

// Reset gives the next expression the whole of it again.
func (b *Budget) Reset() { b.spent.Store(0) }

func (b *Budget) charge(work float64) error {
	if work > maxWork || b.spent.Add(int64(work)) > maxWork {
		return limitf("the expression takes too long to evaluate")
	}
	return nil
}

// cost is what a call will take at most, guessed from its arguments before anything is done. It is in floating
// point so that a product of sizes cannot overflow.
type cost struct{ text, elements, work float64 }

func (c cost) check() error {
	switch {
	case c.text > maxText:
		return limitf("the result would be larger than %d MB", maxText>>20)
	case c.elements > maxElements:
		return limitf("the result would have more than %d elements", maxElements)
	default:
		return nil
	}
}

// estimate guesses the cost of a call. The arguments may be unknown, null or marked.
type estimate func(args []cty.Value) (cost, error)

// bounded gives a function whose calls keep the limits. Its parameters take any value, and are converted only once
// that is known to be quick. The type of its result is decided only by the call: asking for the type alone would do
// the work twice, and with it once more for each level of nesting.
func bounded(name string, f function.Function, budget *Budget) function.Function {
	params, last := f.Params(), f.VarParam()
	spec := &function.Spec{
		Description: f.Description(),
		Params:      make([]function.Parameter, len(params)),
		Type:        function.StaticReturnType(cty.DynamicPseudoType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			b := budget
			if b == nil {
				b = &Budget{}
			}
			args, err := admit(name, args, params, last, b)
			if err != nil {
				return cty.NilVal, err
			}
			if dispute := disputed[name]; dispute != nil && dispute(args) {
				return cty.DynamicVal, nil
			}
			result, err := f.Call(args)
			if err != nil {
				return cty.NilVal, err
			}
			return result, weigh(b, result)
		},
	}
	for i, p := range params {
		spec.Params[i] = open(p)
	}
	if last != nil {
		variadic := open(*last)
		spec.VarParam = &variadic
	}
	return function.New(spec)
}

// open lets every value through to the function within, which has its own opinion of nulls, unknowns and marks.
// Expressions that are handed over unevaluated stay what they are.
func open(p function.Parameter) function.Parameter {
	if !p.Type.IsCapsuleType() {
		p.Type = cty.DynamicPseudoType
	}
	p.AllowNull, p.AllowUnknown, p.AllowDynamicType, p.AllowMarked = true, true, true, true
	return p
}

// admit converts arguments to the types of their parameters, as hcl would, and refuses those that the function would
// take long with.
func admit(name string, args []cty.Value, params []function.Parameter, last *function.Parameter, b *Budget) ([]cty.Value, error) {
	if err := weigh(b, args...); err != nil {
		return nil, err
	}
	converted := make([]cty.Value, len(args))
	for i, arg := range args {
		ty := cty.DynamicPseudoType
		if i < len(params) {
			ty = params[i].Type
		} else if last != nil {
			ty = last.Type
		}
		v, err := conform(arg, ty, b)
		if err != nil {
			return nil, argError(i, err)
		}
		converted[i] = v
	}
	guess := estimates[name]
	if guess == nil {
		return converted, nil
	}
	c, err := guess(converted)
	if err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return converted, b.charge(c.text + c.elements + c.work)
}

// weigh refuses values too large to work with. Values share their parts, so that a few nested lists can stand for
// more elements than there is memory: it stops at the first element too many.
func weigh(b *Budget, values ...cty.Value) error {
	s := scale{}
	for _, v := range values {
		if err := s.put(v, 0); err != nil {
			return err
		}
	}
	return b.charge(callWork + elementWork*float64(s.elements) + float64(s.text))
}

// CheckSize refuses what no function takes: a value with too many elements or too much text in it, nested too deep,
// or with a number that is too large. It should be asked of each value that others are made of: go-cty walks through
// all of an argument before any function sees it.
func CheckSize(v cty.Value) error {
	s := scale{}
	return s.put(v, 0)
}

type scale struct{ elements, text int }

func (s *scale) put(v cty.Value, depth int) error {
	v, _ = v.Unmark()
	s.elements++
	if !v.IsKnown() || v.IsNull() {
		return s.check(depth)
	}
	switch ty := v.Type(); {
	case ty == cty.String:
		if err := s.write(v.AsString()); err != nil {
			return err
		}
	case ty == cty.Number:
		if huge(v.AsBigFloat()) {
			return errHuge
		}
	case v.CanIterateElements():
		if err := s.check(depth); err != nil {
			return err
		}
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			if key.Type() == cty.String && !ty.IsSetType() {
				if err := s.write(key.AsString()); err != nil {
					return err
				}
			}
			if err := s.put(element, depth+1); err != nil {
				return err
			}
		}
	}
	return s.check(depth)
}

// write adds a string. One that is not UTF-8 cannot come from Terraform's language, and the YAML encoder never ends
// with it.
func (s *scale) write(text string) error {
	s.text += len(text)
	if s.text <= maxText && !utf8.ValidString(text) {
		return limitf("a string is not UTF-8")
	}
	return nil
}

func (s *scale) check(depth int) error {
	switch {
	case s.elements > maxElements:
		return limitf("a value has more than %d elements", maxElements)
	case s.text > maxText:
		return limitf("a value is larger than %d MB", maxText>>20)
	case depth > maxDepth:
		return limitf("a value is nested deeper than %d levels", maxDepth)
	default:
		return nil
	}
}

// huge finds numbers that cty keeps in a few bytes and writes out in all their digits when they become strings:
// 1e999999999 takes hours.
func huge(f *big.Float) bool {
	exponent := f.MantExp(nil)
	return exponent > maxExponentBits || exponent < -maxExponentBits
}

var errHuge = limitf("a number has more than %d binary digits", maxExponentBits)

// textOf is a known string among the arguments; "" stands for all that is none, and costs nothing.
func textOf(args []cty.Value, i int) string {
	if i >= len(args) {
		return ""
	}
	v, _ := args[i].Unmark()
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

// lengthOf is the length of a known collection; 0 stands for all that is none.
func lengthOf(v cty.Value) float64 {
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return 0
	}
	return float64(v.LengthInt())
}
