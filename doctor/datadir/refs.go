package datadir

// refs finds what belongs to a series reference of a log. References count up from 1, so they are looked up in pages of pointers, which is
// several times faster than a map; the few of a damaged record that are huge go into one.
type refs[T any] struct {
	pages [][]*T
	huge  map[uint64]*T
}

const (
	refPage  = 1 << 10
	hugeRefs = 1 << 26 // more than any head has had
)

// get returns nil for a reference that was never put.
func (r *refs[T]) get(ref uint64) *T {
	if ref >= hugeRefs {
		return r.huge[ref]
	}
	page := ref / refPage
	if page >= uint64(len(r.pages)) || r.pages[page] == nil {
		return nil
	}
	return r.pages[page][ref%refPage]
}

func (r *refs[T]) put(ref uint64, v *T) {
	if ref >= hugeRefs {
		if r.huge == nil {
			r.huge = map[uint64]*T{}
		}
		r.huge[ref] = v
		return
	}
	page := int(ref / refPage)
	for len(r.pages) <= page {
		r.pages = append(r.pages, nil)
	}
	if r.pages[page] == nil {
		r.pages[page] = make([]*T, refPage)
	}
	r.pages[page][ref%refPage] = v
}

// each calls do with everything that was put.
func (r *refs[T]) each(do func(*T)) {
	for _, page := range r.pages {
		for _, v := range page {
			if v != nil {
				do(v)
			}
		}
	}
	for _, v := range r.huge {
		do(v)
	}
}
