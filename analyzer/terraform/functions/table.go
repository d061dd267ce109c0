package functions

import (
	"io/fs"
	"maps"

	"github.com/hashicorp/go-cty-funcs/collection"
	"github.com/hashicorp/go-cty-funcs/encoding"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Files is what the file functions see, and what calls may cost.
type Files struct {
	// FS is the repository; nil where there is none, and then all that is read from files is unknown. It decides
	// what becomes of symbolic links: os.Root's refuses those that lead out.
	FS fs.FS
	// Dir is the directory in FS where Terraform runs, which is the root module's and not that of the module that
	// makes the call: a relative path starts there. "." is the top of the repository.
	Dir string
	// Budget is shared by the calls of one expression; nil gives each call its own.
	Budget *Budget
}

// Table gives every function of Terraform 1.11 by its name, and again as core::name. A provider's function
// (provider::aws::arn_parse) is in no table: calling it is an error, which try and can give on as unknown.
func Table(files Files) map[string]function.Function {
	table := map[string]function.Function{}
	for name, f := range pure {
		table[name] = bounded(name, f, files.Budget)
	}
	for name, f := range files.functions() {
		table[name] = bounded(name, f, files.Budget)
	}
	table["try"], table["can"] = tryFunc, canFunc
	for name, f := range templates(files, table) {
		table[name] = bounded(name, f, files.Budget)
	}
	named := maps.Clone(table)
	for name, f := range table {
		named["core::"+name] = f
	}
	return named
}

// pure are the functions that need nothing but their arguments, and those that never give anything.
var pure = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc,
	"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc,
	"signum": stdlib.SignumFunc, "sum": sumFunc,

	"chomp": stdlib.ChompFunc, "endswith": endsWithFunc, "format": stdlib.FormatFunc,
	"formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc, "join": stdlib.JoinFunc,
	"lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc, "replace": replaceFunc,
	"split": stdlib.SplitFunc, "startswith": startsWithFunc, "strcontains": strContainsFunc,
	"strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc,
	"upper": stdlib.UpperFunc,

	"alltrue": allTrueFunc, "anytrue": anyTrueFunc, "chunklist": stdlib.ChunklistFunc,
	"coalesce": collection.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc, "compact": stdlib.CompactFunc,
	"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc,
	"element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc, "index": indexFunc, "keys": stdlib.KeysFunc,
	"length": lengthFunc, "list": removed("list", "tolist"), "lookup": lookupFunc, "map": removed("map", "tomap"),
	"matchkeys": matchKeysFunc, "merge": stdlib.MergeFunc, "one": oneFunc, "range": stdlib.RangeFunc,
	"reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc,
	"setproduct": stdlib.SetProductFunc, "setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc,
	"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "transpose": transposeFunc, "values": stdlib.ValuesFunc,
	"zipmap": stdlib.ZipmapFunc,

	"base64decode": base64DecodeFunc, "base64encode": encoding.Base64EncodeFunc, "base64gzip": base64GzipFunc,
	"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": jsonDecodeFunc,
	// One unknown leaf makes this one's result wholly unknown, as it does Terraform's.
	"jsonencode":       stdlib.JSONEncodeFunc,
	"textdecodebase64": textDecodeBase64Func, "textencodebase64": textEncodeBase64Func,
	"urlencode": encoding.URLEncodeFunc, "yamldecode": ctyyaml.YAMLDecodeFunc, "yamlencode": ctyyaml.YAMLEncodeFunc,

	"dirname": dirnameFunc, "basename": basenameFunc, "abspath": absPathFunc, "pathexpand": pathExpandFunc,

	"formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc, "timecmp": timeCmpFunc,
	"timestamp": unknown(cty.String), "plantimestamp": unknown(cty.String),

	"md5": md5Func, "sha1": sha1Func, "sha256": sha256Func, "sha512": sha512Func,
	"base64sha256": base64Sha256Func, "base64sha512": base64Sha512Func, "uuidv5": uuidV5Func,
	"uuid": unknown(cty.String), "bcrypt": bcryptFunc, "rsadecrypt": rsaDecryptFunc,

	"cidrhost": cidrHostFunc, "cidrnetmask": cidrNetmaskFunc, "cidrsubnet": cidrSubnetFunc,
	"cidrsubnets": cidrSubnetsFunc,

	"tobool": conversion(cty.Bool), "tonumber": conversion(cty.Number), "tostring": conversion(cty.String),
	"tolist": conversion(cty.List(cty.DynamicPseudoType)), "tomap": conversion(cty.Map(cty.DynamicPseudoType)),
	"toset": conversion(cty.Set(cty.DynamicPseudoType)), "sensitive": sensitiveFunc,
	"nonsensitive": nonSensitiveFunc, "issensitive": isSensitiveFunc, "ephemeralasnull": ephemeralAsNullFunc,
}

// unknown is a function whose result only running Terraform tells.
func unknown(ty cty.Type, params ...function.Parameter) function.Function {
	return function.New(&function.Spec{
		Params: params,
		Type:   function.StaticReturnType(ty),
		Impl:   func([]cty.Value, cty.Type) (cty.Value, error) { return notNull(ty), nil },
	})
}

// notNull is an unknown value that is certainly not null.
func notNull(ty cty.Type) cty.Value { return cty.UnknownVal(ty).RefineNotNull() }

func refineNotNull(b *cty.RefinementBuilder) *cty.RefinementBuilder { return b.NotNull() }

func param(name string, ty cty.Type) function.Parameter {
	return function.Parameter{Name: name, Type: ty}
}

// stringsTo is a function of strings.
func stringsTo(ty cty.Type, names []string, impl func(args []string) (cty.Value, error)) function.Function {
	params := make([]function.Parameter, len(names))
	for i, name := range names {
		params[i] = param(name, cty.String)
	}
	return function.New(&function.Spec{
		Params: params, Type: function.StaticReturnType(ty), RefineResult: refineNotNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			texts := make([]string, len(args))
			for i, arg := range args {
				texts[i] = arg.AsString()
			}
			return impl(texts)
		},
	})
}
