package functions

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

const (
	maxPattern = 4 << 10  // bytes of a regular expression; the parser has its own limit on repetitions
	maxDigits  = 10 << 10 // characters of a number; reading one takes time with the square of its length
	digitsText = 80       // characters that a number of up to 64 bits is written in
)

// estimates are of the functions that can take or make much more than they are given. All others take time and
// memory in proportion to their arguments, which are bounded.
var estimates = map[string]estimate{
	"format":     func(args []cty.Value) (cost, error) { return formatCost(args, false) },
	"formatlist": func(args []cty.Value) (cost, error) { return formatCost(args, true) },
	"indent":     indentCost,
	"join":       joinCost,
	"replace":    replaceCost,
	"split":      splitCost,
	"regex":      func(args []cty.Value) (cost, error) { return patternCost(textOf(args, 0), textOf(args, 1)) },
	"regexall":   regexAllCost,

	"setproduct": productCost, "range": rangeCost,
	"concat": manyCost, "coalesce": manyCost, "setunion": manyCost, "setintersection": manyCost, "setsubtract": manyCost,
	"tolist": collectionCost(cty.List(cty.DynamicPseudoType)), "toset": collectionCost(cty.Set(cty.DynamicPseudoType)),
	"tomap":     collectionCost(cty.Map(cty.DynamicPseudoType)),
	"distinct":  func(args []cty.Value) (cost, error) { return cost{work: 25 * lengths(args, 0, 0)}, nil },
	"matchkeys": func(args []cty.Value) (cost, error) { return cost{work: 50 * lengths(args, 1, 2)}, nil },

	"parseint": digitsCost, "tonumber": digitsCost,
	"jsondecode": jsonCost, "yamldecode": yamlCost, "csvdecode": csvCost,
}

func lengths(args []cty.Value, i, j int) float64 {
	if i >= len(args) || j >= len(args) {
		return 0
	}
	return lengthOf(args[i]) * lengthOf(args[j])
}

// verb finds what a format string does with one argument: a width and a precision, each of which can ask for any
// amount of padding.
var verb = regexp.MustCompile(`%[-+ #0]*([0-9]*)\.?([0-9]*)`)

// numeric finds the verbs that make a number of a string.
var numeric = regexp.MustCompile(`%[^a-zA-Z%]*[bdoxXeEfgG]`)

func formatCost(args []cty.Value, list bool) (cost, error) {
	format := textOf(args, 0)
	rounds := 1.0
	var written []cty.Value
	for _, arg := range args[min(1, len(args)):] {
		arg, _ = arg.Unmark()
		if list && sequence(arg.Type()) && lengthOf(arg) > 0 {
			rounds = max(rounds, lengthOf(arg))
			for it := arg.ElementIterator(); it.Next(); {
				_, element := it.Element()
				written = append(written, element)
			}
			continue
		}
		written = append(written, arg)
	}
	largest := 0.0
	for _, v := range written {
		largest = max(largest, length(v))
		if number, err := cty.ParseNumberVal(textOf([]cty.Value{v}, 0)); err == nil && huge(number.AsBigFloat()) && numeric.MatchString(format) {
			return cost{}, errHuge
		}
	}
	text := float64(len(format))
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		text += largest + digits(m[1]) + digits(m[2])
	}
	return cost{text: text * rounds}, nil
}

func digits(s string) float64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.Inf(1)
	}
	return n
}

// length is about how long a value is when it is written out.
func length(v cty.Value) float64 {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
		return digitsText
	case v.Type() == cty.String:
		return float64(len(v.AsString()))
	case v.Type() == cty.Number:
		if n := v.AsBigFloat().MantExp(nil); n > 64 || n < -64 {
			return maxExponentBits
		}
		return digitsText
	case v.CanIterateElements():
		total := 0.0
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			total += digitsText + length(element)
		}
		return total
	default:
		return digitsText
	}
}

func indentCost(args []cty.Value) (cost, error) {
	text, spaces := textOf(args, 1), 0.0
	if n, _ := args[0].Unmark(); n.IsKnown() && !n.IsNull() && n.Type() == cty.Number {
		spaces, _ = n.AsBigFloat().Float64()
	}
	return cost{text: float64(len(text)) + math.Abs(spaces)*float64(strings.Count(text, "\n"))}, nil
}

func joinCost(args []cty.Value) (cost, error) {
	pieces := 0.0
	for _, list := range args[min(1, len(args)):] {
		pieces += lengthOf(list)
	}
	return cost{text: pieces * float64(len(textOf(args, 0)))}, nil
}

func splitCost(args []cty.Value) (cost, error) {
	return cost{elements: 1 + float64(strings.Count(textOf(args, 1), textOf(args, 0)))}, nil
}

func replaceCost(args []cty.Value) (cost, error) {
	text, substr, with := textOf(args, 0), textOf(args, 1), textOf(args, 2)
	pattern, isPattern := slashed(substr)
	if !isPattern {
		return cost{text: float64(len(text)) + float64(strings.Count(text, substr))*float64(len(with))}, nil
	}
	c, err := patternCost(pattern, text)
	if err != nil {
		return c, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c, nil //nolint:nilerr // the function says so
	}
	matches := float64(len(re.FindAllStringIndex(text, maxElements)))
	// Matches do not overlap, so that one reference to a group gives no more than the text, all matches together.
	c.text = float64(len(text))*float64(1+strings.Count(with, "$")) + matches*float64(len(with))
	return c, nil
}

// patternCost refuses a pattern whose program, run over the text, would take long: the program can be a thousand
// times as long as the pattern, and each of its steps may be taken for each character.
func patternCost(pattern, text string) (cost, error) {
	if len(pattern) > maxPattern {
		return cost{}, limitf("a regular expression is longer than %d bytes", maxPattern)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return cost{}, nil //nolint:nilerr // the function says so
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return cost{}, nil //nolint:nilerr // the function says so
	}
	return cost{work: float64(len(program.Inst)) * float64(len(text)+10)}, nil
}

func regexAllCost(args []cty.Value) (cost, error) {
	pattern, text := textOf(args, 0), textOf(args, 1)
	c, err := patternCost(pattern, text)
	if err != nil || c.work > maxWork {
		return c, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c, nil //nolint:nilerr // the function says so
	}
	matches := re.FindAllStringIndex(text, maxElements)
	c.elements = float64(len(matches)) * float64(1+re.NumSubexp())
	return c, nil
}

func productCost(args []cty.Value) (cost, error) {
	product := float64(len(args))
	for _, arg := range args {
		product *= lengthOf(arg)
	}
	return cost{elements: product, work: mixedWork * float64(len(args)) * float64(len(args))}, nil
}

// manyCost is of functions that look for a type that all of their arguments can have.
func manyCost(args []cty.Value) (cost, error) {
	return cost{work: mixedWork * float64(len(args)) * float64(len(args))}, nil
}

func collectionCost(ty cty.Type) estimate {
	return func(args []cty.Value) (cost, error) { return cost{work: unification(uniform(args[0], ty))}, nil }
}

// rangeCost counts additions of numbers of any size, of which there are at most a thousand.
func rangeCost([]cty.Value) (cost, error) {
	const addition = 50
	return cost{work: addition * 1024}, nil
}

func digitsCost(args []cty.Value) (cost, error) {
	if len(textOf(args, 0)) > maxDigits {
		return cost{}, limitf("a number has more than %d digits", maxDigits)
	}
	return cost{}, nil
}
