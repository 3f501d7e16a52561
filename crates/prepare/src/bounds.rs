//! A rectangle of pixels.

/// A rectangle of an image, in that image's pixels. It holds at least one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// The first row.
    pub top: usize,
    /// The first column.
    pub left: usize,
    pub height: usize,
    pub width: usize,
}

impl Bounds {
    /// The row behind the last one.
    pub fn bottom(&self) -> usize {
        self.top + self.height
    }

    /// The column behind the last one.
    pub fn right(&self) -> usize {
        self.left + self.width
    }

    /// The smallest rectangle that holds both.
    pub fn union(&self, other: &Self) -> Self {
        let (top, left) = (self.top.min(other.top), self.left.min(other.left));
        Self {
            top,
            left,
            height: self.bottom().max(other.bottom()) - top,
            width: self.right().max(other.right()) - left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_holds_both_rectangles() {
        let a = Bounds { top: 2, left: 7, height: 3, width: 1 };
        let b = Bounds { top: 4, left: 3, height: 5, width: 2 };
        let union = Bounds { top: 2, left: 3, height: 7, width: 5 };
        assert_eq!((a.union(&b), b.union(&a)), (union, union));
        assert_eq!((union.bottom(), union.right()), (9, 8));
    }
}
