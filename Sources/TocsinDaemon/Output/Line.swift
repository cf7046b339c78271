/// Numbers in ascending order, of which the first is taken.
struct Line {
    private var numbers: [Int] = []
    private var front = 0

    mutating func append(_ number: Int) { numbers.append(number) }

    /// The first that is good; those before it are dropped.
    mutating func first(where isGood: (Int) -> Bool) -> Int? {
        while front < numbers.count, !isGood(numbers[front]) { removeFirst() }
        return front < numbers.count ? numbers[front] : nil
    }

    mutating func removeFirst() {
        front += 1
        // Amortised: moves no more than was taken since the last time.
        guard front * 2 > numbers.count else { return }
        numbers.removeFirst(front)
        front = 0
    }

    /// Puts a number back where it belongs.
    mutating func insert(_ number: Int) {
        let place = numbers[front...].firstIndex { $0 > number } ?? numbers.count
        numbers.insert(number, at: place)
    }
}
