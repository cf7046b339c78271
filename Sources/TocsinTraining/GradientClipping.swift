public import TocsinNN

extension Parameters {
    /// Scales gradients down so that their norm over all tensors is at most `limit`.
    ///
    /// As `torch.nn.utils.clip_grad_norm_`, with its 1e-6 under the fraction.
    ///
    /// - Returns: the norm before
    public mutating func clip(norm limit: Double) -> Double {
        let norm = norm
        let factor = limit / (norm + 1e-6)
        if factor < 1 {
            scale(by: Float(factor))
        }
        return norm
    }
}
